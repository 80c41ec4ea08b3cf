#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace weir::taskmanager {

/// The way to the job manager's blob store. Calls block; any thread.
class BlobTransport {
 public:
  using Sink = std::function<Status(std::string_view)>;

  virtual ~BlobTransport() = default;
  /// Hands the first `length` bytes (0: all) of the blob `key` to `sink`, piece by piece and in
  /// order; an error of the sink ends the transfer and is returned. kNotFound when the job manager
  /// has no such blob, kInvalidArgument when it is shorter.
  virtual Status fetch(const std::string& key, std::uint64_t length, const Sink& sink) = 0;
  /// Stores a section of state of `job` and returns the key under which fetch() finds it.
  virtual Result<std::string> putState(const JobId& job, std::string_view bytes) = 0;
};

}  // namespace weir::taskmanager
