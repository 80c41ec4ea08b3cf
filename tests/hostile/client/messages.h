#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "client.pb.h"

namespace weir::hostile {

using Random = std::mt19937_64;

/// Sixteen bytes that nobody else has.
std::string randomId(Random& random);

/// A submission that a job manager accepts: a source and a sink, each of this parallelism, whose
/// program is the blob `program`.
v1::SubmitRequest validSubmission(Random& random,
                                  const v1::BlobKey& program,
                                  std::uint32_t parallelism = 1);

/// The kinds of wrong submissions that spoil() makes.
const std::vector<std::string>& wrongKinds();
/// Makes a valid submission wrong in one way. False for an unknown kind.
bool spoil(const std::string& kind, Random& random, v1::SubmitRequest& request);

/// The bytes with some of them changed, left out or repeated.
std::string mutated(Random& random, std::string bytes);

/// The bytes of an intact metadata file of a savepoint with one operator, whose one state lies, as
/// one byte, at `location` below `data_directory`.
std::string metadataFile(Random& random,
                         const std::string& data_directory,
                         const std::string& location);

}  // namespace weir::hostile
