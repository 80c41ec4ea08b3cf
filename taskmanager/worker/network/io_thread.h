#pragma once

#include <functional>
#include <memory>

namespace boost::asio {
class io_context;  // NOLINT: the name is Asio's.
}

namespace weir::worker {

/// The one thread of a worker that speaks to sockets. Started by start(), joined by stop().
///
/// Lives longer than every socket on it. After stop() nothing of it runs any more, so that
/// sockets may be destroyed on another thread. Threads: post() from any, the others from the
/// owner's.
class IoThread {
 public:
  IoThread();
  ~IoThread();
  IoThread(const IoThread&) = delete;
  IoThread& operator=(const IoThread&) = delete;

  void start();
  void post(std::function<void()> work);
  /// Idempotent. What is queued is not run.
  void stop();

  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::worker
