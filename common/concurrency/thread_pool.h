#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/base/result.h"
#include "common/concurrency/bounded_queue.h"

namespace weir::concurrency {

/// A few threads for work that blocks (files, user code's destructors), with a bounded queue.
///
/// Threads: any. shutdown() runs what is queued to its end and joins; not from a pool's thread.
class ThreadPool {
 public:
  using Task = std::function<void()>;

  /// `name` is shown by ps and gdb, up to 15 characters.
  ThreadPool(std::string name, std::size_t threads, std::size_t queued = 1024);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Queues `task`, waiting for room; kFailedPrecondition after shutdown().
  Status post(Task task);
  /// Queues `task` or says kResourceExhausted at once.
  Status tryPost(Task task);
  /// Idempotent.
  void shutdown();

 private:
  BoundedQueue<Task> queue_;
  std::mutex join_;
  std::vector<std::thread> threads_;  // Last member: started last, joined first.
};

}  // namespace weir::concurrency
