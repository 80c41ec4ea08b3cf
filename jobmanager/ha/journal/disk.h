#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::ha {

/// What the journal asks of the system for an open file: the form that works. Tests break it on
/// purpose. Errors name `path`; kResourceExhausted for a full disk.
class Disk {
 public:
  Disk() = default;
  virtual ~Disk() = default;
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  /// All of `bytes`, at `offset`; after an error any part of them may stand there.
  virtual Status write(int file,
                       std::uint64_t offset,
                       std::string_view bytes,
                       const std::string& path);
  virtual Status sync(int file, const std::string& path);
  virtual Status truncate(int file, std::uint64_t size, const std::string& path);
};

}  // namespace weir::ha
