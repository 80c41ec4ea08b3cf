#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/snapshot/metadata_file.h"

namespace weir::offline {

/// Something in a snapshot that is not as it was written.
struct Damage {
  std::string file;           ///< Its path, or that of the metadata which holds it.
  std::string operator_name;  ///< Whose state it is, "counter, subtask 2"; empty: nobody's.
  std::string what;
};

struct Verification {
  std::vector<Damage> damages;  ///< In the order of the metadata; empty: all is as it was written.
  std::uint64_t files = 0;      ///< That were read, the metadata among them.
  std::uint64_t sections = 0;
  std::uint64_t bytes = 0;  ///< Of sections.
};

struct VerificationSettings {
  std::uint64_t most_metadata = snapshot::kMostMetadataBytes;
  unsigned threads = 2;  ///< Sections are read by so many at once.
  /// Told of bytes read and to be read, from any thread but one at a time; false ends it.
  std::function<bool(std::uint64_t, std::uint64_t)> progress = {};
};

/// Reads every byte that the snapshot at `path` refers to: its metadata, every section against the
/// checksum in the metadata, every block against its own, every entry of keyed state, whose key
/// must belong where it lies, and the program stored with it. Holds a block and an entry a thread.
/// Errors: kNotFound when there is no snapshot, kCancelled; what is damaged is no error.
Result<Verification> verify(fs::FileSystem& files,
                            const std::string& path,
                            const VerificationSettings& settings);

/// The damages of the program stored beside the metadata; none when none is stored.
std::vector<Damage> verifyProgram(fs::FileSystem& files, const std::string& directory);

}  // namespace weir::offline
