#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "taskmanager/worker/network/io_thread.h"

namespace weir::worker {

/// Connects to one host and port, again and again until it works or time is up.
///
/// IO thread only, but for construction and, after the IO thread stopped, destruction.
class Dialer {
 public:
  /// A connected socket that the receiver owns, or -1 and why.
  using Done = std::function<void(int fd, const std::string& error)>;

  Dialer(IoThread& io, std::string host, std::uint16_t port);
  ~Dialer();

  /// Tries for `budget` in all, pausing longer and longer; then answers once. One at a time.
  void dial(std::chrono::milliseconds budget, Done done);
  /// Runs `then` after `pause`.
  void pause(std::chrono::milliseconds pause, std::function<void()> then);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::worker
