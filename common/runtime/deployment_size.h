#pragma once

#include <cstdint>
#include <string>

#include "common/runtime/deployment.h"

namespace weir::runtime {

/// A deployment that is too large to be sent fails its job with this sentence: it names the job,
/// `host`, the size, `bound` ("the 7 that ..."), and what takes most of it.
std::string deploymentTooLarge(const Deployment& deployment,
                               const std::string& host,
                               std::uint64_t bytes,
                               const std::string& bound);
/// The same of handles that are to be discarded.
std::string deploymentTooLarge(const DiscardHandles& discards,
                               const std::string& host,
                               std::uint64_t bytes,
                               const std::string& bound);

}  // namespace weir::runtime
