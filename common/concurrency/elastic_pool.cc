#include "common/concurrency/elastic_pool.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include <pthread.h>

namespace weir::concurrency {

struct ElasticPool::Shared {
  std::string name;
  std::size_t most = 1;
  std::mutex mutex;
  std::condition_variable filled;
  std::condition_variable ended;
  std::deque<Task> tasks;
  std::size_t threads = 0;
  std::size_t idle = 0;
  bool closed = false;

  void work() {
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      filled.wait(lock, [&] { return closed || !tasks.empty(); });
      --idle;
      if (closed) {
        break;
      }
      Task task = std::move(tasks.front());
      tasks.pop_front();
      lock.unlock();
      task();
      task = nullptr;  // What it holds goes without the lock.
      lock.lock();
    }
    --threads;
    ended.notify_all();
  }
};

ElasticPool::ElasticPool(std::string name, std::size_t most_threads)
    : shared_(std::make_shared<Shared>()), timers_(name.substr(0, 12) + "-t") {
  shared_->name = name.substr(0, 15);
  shared_->most = most_threads;
}

ElasticPool::~ElasticPool() { shutdown(Duration::max()); }

void ElasticPool::post(Task task) {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->closed) {
    return;
  }
  shared_->tasks.push_back(std::move(task));
  if (shared_->idle >= shared_->tasks.size() || shared_->threads >= shared_->most) {
    shared_->filled.notify_one();
    return;
  }
  ++shared_->threads;
  // Not joined: a thread that hangs in the kernel cannot be. It owns what it runs on.
  std::thread thread([shared = shared_] { shared->work(); });
  pthread_setname_np(thread.native_handle(), shared_->name.c_str());
  thread.detach();
}

std::unique_ptr<Executor::Timer> ElasticPool::schedule(Duration delay, Task task) {
  return timers_.schedule(delay, [this, task = std::move(task)] { post(task); });
}

std::size_t ElasticPool::shutdown(Duration limit) {
  timers_.shutdown();
  std::deque<Task> dropped;  // Destroyed without the lock.
  std::unique_lock lock(shared_->mutex);
  shared_->closed = true;
  dropped.swap(shared_->tasks);
  shared_->filled.notify_all();
  const auto over = [&] { return shared_->threads == 0; };
  if (limit == Duration::max()) {
    shared_->ended.wait(lock, over);
  } else {
    shared_->ended.wait_for(lock, limit, over);
  }
  return shared_->threads;
}

}  // namespace weir::concurrency
