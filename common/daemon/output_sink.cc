#include "common/daemon/output_sink.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/telemetry/log.h"

namespace weir::daemon {

namespace {

constexpr int kPollMillis = 100;
constexpr auto kFarewell = std::chrono::seconds(1);

bool sameFile(int a, int b) {
  struct stat first{};
  struct stat second{};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

std::string pathOf(int descriptor) {
  char path[PATH_MAX];
  const ssize_t length =
      ::readlink(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), path, sizeof path);
  return length > 0 && length < PATH_MAX ? std::string(path, static_cast<std::size_t>(length)) : "";
}

void emptyFile(int descriptor) {
  if (::ftruncate(descriptor, 0) == 0) {
    ::lseek(descriptor, 0, SEEK_SET);
  }
}

}  // namespace

OutputSink::OutputSink(int descriptor, OutputLimits limits)
    : descriptor_(descriptor), limits_(limits), thread_([this] { run(); }) {}

OutputSink::~OutputSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void OutputSink::write(const std::string& label, std::string lines) {
  if (lines.empty()) {
    return;
  }
  const std::lock_guard lock(mutex_);
  if (queued_ + lines.size() > limits_.queue_bytes) {
    dropped_ += lines.size();
    return;
  }
  queued_ += lines.size();
  if (!queue_.empty() && queue_.back().label == label) {
    queue_.back().lines += lines;
  } else {
    queue_.push_back({label, std::move(lines)});
  }
  changed_.notify_all();
}

std::string OutputSink::path() const {
  struct stat info{};
  const bool is_file = ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode);
  return is_file ? pathOf(descriptor_) : "";
}

std::uint64_t OutputSink::droppedBytes() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void OutputSink::run() {
  ::pthread_setname_np(::pthread_self(), "tm-output");
  for (;;) {
    std::unique_lock lock(mutex_);
    // What could not be written is told of with the next lines: the disk is full until then.
    changed_.wait(lock, [this] {
      return closing_ || !queue_.empty() || (dropped_ > drop_noted_ && !broken_);
    });
    if (queue_.empty() && (dropped_ == drop_noted_ || broken_ || given_up_)) {
      lock.unlock();
      return noteDropped();  // The disk may have room by now.
    }
    Piece piece;
    if (!queue_.empty()) {
      piece = std::move(queue_.front());
      queue_.pop_front();
    }
    // Its bytes count until they are written: the bound is one of memory.
    const std::uint64_t bytes = piece.lines.size();
    lock.unlock();
    if (broken_) {
      beginAnewWhenFull();
      noteDropped();  // What was lost stood before these lines.
    }
    put(piece);
    lock.lock();
    queued_ -= bytes;
    lock.unlock();
    if (!broken_) {
      noteDropped();
    }
  }
}

void OutputSink::noteDropped() {
  std::uint64_t lost = 0;
  std::uint64_t all = 0;
  {
    const std::lock_guard lock(mutex_);
    all = dropped_;
    lost = all - drop_noted_;
  }
  if (lost == 0) {
    return;
  }
  const std::string note = (in_line_ ? "\n==> " : "==> ") + std::to_string(lost) +
                           " bytes were dropped here: they came faster than they could be "
                           "written, or writing them did not work <==\n";
  label_.clear();
  if (putBytes(note) == 0) {
    const std::lock_guard lock(mutex_);
    drop_noted_ = all;
  }
}

void OutputSink::put(const Piece& piece) {
  if (piece.lines.empty()) {
    return;
  }
  beginAnewWhenFull();
  std::size_t left = piece.lines.size();
  if (piece.label == label_ || piece.label.empty() ||
      putBytes("==> " + piece.label + " <==\n") == 0) {
    label_ = piece.label;
    left = putBytes(piece.lines);
  }
  if (left > 0) {
    label_.clear();
    drop(left);
  }
}

void OutputSink::drop(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  dropped_ += bytes;
}

/// Tells once of each time in which nothing can be written.
void OutputSink::failed(int error) {
  if (!std::exchange(broken_, true)) {
    const std::string path = pathOf(descriptor_);
    log::error("output of workers cannot be written and is dropped until it can",
               {{"file", path.empty() ? "descriptor " + std::to_string(descriptor_) : path},
                {"cause", std::strerror(error)}});
  }
}

/// False when the sink is being closed and nobody takes what is left.
bool OutputSink::awaitRoom() {
  const auto begun = std::chrono::steady_clock::now();
  for (;;) {
    pollfd room{descriptor_, POLLOUT, 0};
    if (::poll(&room, 1, kPollMillis) > 0) {
      return true;
    }
    const std::lock_guard lock(mutex_);
    if (closing_ && std::chrono::steady_clock::now() - begun > kFarewell) {
      return false;
    }
  }
}

std::size_t OutputSink::putBytes(std::string_view bytes) {
  struct stat info{};
  const bool is_file = ::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode);
  // After poll() a pipe takes as much without waiting, unless somebody else writes to it meanwhile.
  const std::size_t at_once = is_file ? 64 * 1024 : PIPE_BUF;
  while (!bytes.empty() && !given_up_) {
    if (!awaitRoom()) {
      given_up_ = true;
      break;
    }
    const ssize_t written = ::write(descriptor_, bytes.data(), std::min(bytes.size(), at_once));
    if (written < 0 && errno != EINTR && errno != EAGAIN) {
      failed(errno);  // The disk is full, or the reader is gone.
      break;
    }
    if (written > 0) {
      in_line_ = bytes[static_cast<std::size_t>(written) - 1] != '\n';
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  if (bytes.empty() && std::exchange(broken_, false)) {
    log::info("output of workers can be written again", {{"dropped_bytes", droppedBytes()}});
  }
  return bytes.size();
}

void OutputSink::beginAnewWhenFull() {
  struct stat info{};
  if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode) ||
      static_cast<std::uint64_t>(info.st_size) < limits_.file_bytes) {
    return;
  }
  label_.clear();
  const std::string path = pathOf(descriptor_);
  struct stat named{};
  // A file that was deleted or renamed is somebody else's to keep.
  const bool has_name = ::stat(path.c_str(), &named) == 0 && named.st_ino == info.st_ino &&
                        named.st_dev == info.st_dev;
  if (limits_.files <= 0 || !has_name || !begin(path)) {
    emptyFile(descriptor_);
  }
}

/// Renames the full files and puts a new one under the descriptor.
bool OutputSink::begin(const std::string& path) {
  for (std::int64_t i = limits_.files; i > 1; --i) {
    const std::string from = path + "." + std::to_string(i - 1);
    if (::rename(from.c_str(), (path + "." + std::to_string(i)).c_str()) != 0 && errno != ENOENT) {
      return false;
    }
  }
  if (::rename(path.c_str(), (path + ".1").c_str()) != 0) {
    return false;
  }
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) {
    return false;
  }
  const int other = descriptor_ == STDOUT_FILENO ? STDERR_FILENO : STDOUT_FILENO;
  if (descriptor_ <= STDERR_FILENO && sameFile(descriptor_, other)) {
    ::dup2(file, other);
  }
  const bool done = ::dup2(file, descriptor_) >= 0;
  ::close(file);
  return done;
}

}  // namespace weir::daemon
