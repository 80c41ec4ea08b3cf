#include "common/telemetry/file_sink.h"

#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weir::log {

namespace {

bool isSame(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// Whether standard error writes into this regular file.
bool isStandardError(const struct stat& file) {
  struct stat error{};
  return ::fstat(STDERR_FILENO, &error) == 0 && S_ISREG(error.st_mode) && isSame(file, error);
}

void writeAll(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return;  // A log that cannot be written stops nobody.
    }
    bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
}

}  // namespace

FileSink::FileSink(std::string file, int keep) : file_(std::move(file)), keep_(keep) {}

FileSink::~FileSink() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

Status FileSink::begin() {
  const std::lock_guard lock(mutex_);
  struct stat info{};
  bool is_standard_error = false;
  if (::stat(file_.c_str(), &info) == 0 && S_ISREG(info.st_mode)) {
    is_standard_error = isStandardError(info);
    if (info.st_size > 0) {
      WEIR_RETURN_IF_ERROR(shift());
    }
  }
  WEIR_RETURN_IF_ERROR(open());
  if (is_standard_error) {
    ::dup2(descriptor_, STDERR_FILENO);
  }
  return ok();
}

void FileSink::rotateAt(std::uint64_t max_bytes) {
  const std::lock_guard lock(mutex_);
  max_bytes_ = max_bytes;
  next_check_ = max_bytes;
}

Status FileSink::reopen() {
  const std::lock_guard lock(mutex_);
  return open();
}

Status FileSink::open() {
  const int next = ::open(file_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (next < 0) {
    return systemError(errno, "open log file " + file_);
  }
  if (descriptor_ >= 0) {
    struct stat before{};
    if (::fstat(descriptor_, &before) == 0 && isStandardError(before)) {
      ::dup2(next, STDERR_FILENO);
    }
    ::close(descriptor_);
  }
  descriptor_ = next;
  next_check_ = max_bytes_;
  return ok();
}

Status FileSink::shift() const {
  for (int i = keep_; i > 0; --i) {
    const std::string from = i == 1 ? file_ : file_ + "." + std::to_string(i - 1);
    const std::string to = file_ + "." + std::to_string(i);
    if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT) {
      return systemError(errno, "rename log file " + from + " to " + to);
    }
  }
  return ok();
}

void FileSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  struct stat info{};
  if (keep_ > 0 && max_bytes_ > 0 && ::fstat(descriptor_, &info) == 0 && info.st_size > 0 &&
      static_cast<std::uint64_t>(info.st_size) + line.size() > next_check_) {
    if (!shift().has_value() || !open().has_value()) {
      next_check_ = static_cast<std::uint64_t>(info.st_size) + max_bytes_;  // Try again later.
    }
  }
  writeAll(descriptor_, {line.data(), line.size()});
}

}  // namespace weir::log
