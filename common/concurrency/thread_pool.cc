#include "common/concurrency/thread_pool.h"

#include <utility>

#include <pthread.h>

namespace weir::concurrency {

ThreadPool::ThreadPool(std::string name, std::size_t threads, std::size_t queued) : queue_(queued) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (auto task = queue_.pop()) {
        (*task)();
      }
    });
    pthread_setname_np(threads_.back().native_handle(), name.substr(0, 15).c_str());
  }
}

ThreadPool::~ThreadPool() { shutdown(); }

Status ThreadPool::post(Task task) {
  if (!queue_.push(std::move(task))) {
    return Error(ErrorCode::kFailedPrecondition, "the thread pool is shut down");
  }
  return ok();
}

Status ThreadPool::tryPost(Task task) {
  if (!queue_.tryPush(std::move(task))) {
    return queue_.closed()
               ? Error(ErrorCode::kFailedPrecondition, "the thread pool is shut down")
               : Error(ErrorCode::kResourceExhausted, "the queue of the thread pool is full");
  }
  return ok();
}

void ThreadPool::shutdown() {
  queue_.close();
  const std::lock_guard lock(join_);
  for (std::thread& thread : threads_) {
    if (thread.joinable()) {
      thread.join();
    }
  }
}

}  // namespace weir::concurrency
