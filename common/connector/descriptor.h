#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "common/base/result.h"

namespace weir::connector {

/// Owns a file descriptor. One thread.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }
  bool isOpen() const { return fd_ >= 0; }

 private:
  int fd_;
};

/// Writes all bytes to a descriptor that blocks; `what` names it in the error.
Status writeAll(int fd, std::string_view bytes, const std::string& what);

}  // namespace weir::connector
