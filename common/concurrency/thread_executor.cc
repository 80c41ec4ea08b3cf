#include "common/concurrency/thread_executor.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <utility>

#include <pthread.h>

namespace weir::concurrency {

namespace {

SteadyTime after(Duration delay) {
  const SteadyTime now = std::chrono::steady_clock::now();
  return delay < SteadyTime::max() - now ? now + delay : SteadyTime::max();
}

}  // namespace

struct ThreadExecutor::Shared {
  using Key = std::pair<SteadyTime, std::uint64_t>;

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Task> queue;
  std::map<Key, Task> timers;
  std::uint64_t sequence = 0;
  bool stopped = false;

  /// The next task to run, waiting for it; an empty one after shutdown.
  Task next() {
    std::unique_lock lock(mutex);
    while (!stopped) {
      // Timers that are due come first: a flood of posts must not starve a time-out.
      if (!timers.empty() && timers.begin()->first.first <= std::chrono::steady_clock::now()) {
        return std::move(timers.extract(timers.begin()).mapped());
      }
      if (!queue.empty()) {
        Task task = std::move(queue.front());
        queue.pop_front();
        return task;
      }
      // wait_until(max) overflows in some libraries.
      if (timers.empty() || timers.begin()->first.first == SteadyTime::max()) {
        changed.wait(lock);
      } else {
        changed.wait_until(lock, SteadyTime(timers.begin()->first.first));
      }
    }
    return {};
  }

  void run() {
    while (Task task = next()) {
      task();
    }
  }
};

class ThreadExecutor::TimerHandle final : public Timer {
 public:
  TimerHandle(std::shared_ptr<Shared> shared, Shared::Key key)
      : shared_(std::move(shared)), key_(key) {}
  ~TimerHandle() override {
    Task task;  // Destroyed after the lock is released: it may hold anything.
    const std::lock_guard lock(shared_->mutex);
    if (const auto found = shared_->timers.find(key_); found != shared_->timers.end()) {
      task = std::move(found->second);
      shared_->timers.erase(found);
    }
  }

 private:
  std::shared_ptr<Shared> shared_;  // Shared with the executor, which may be gone before.
  Shared::Key key_;
};

ThreadExecutor::ThreadExecutor(std::string name)
    : shared_(std::make_shared<Shared>()), thread_([shared = shared_] { shared->run(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
  id_ = thread_.get_id();
}

ThreadExecutor::~ThreadExecutor() { shutdown(); }

void ThreadExecutor::post(Task task) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->stopped) {
      return;
    }
    shared_->queue.push_back(std::move(task));
  }
  shared_->changed.notify_one();
}

std::unique_ptr<Executor::Timer> ThreadExecutor::schedule(Duration delay, Task task) {
  Shared::Key key{after(delay), 0};
  {
    const std::lock_guard lock(shared_->mutex);
    key.second = ++shared_->sequence;
    if (!shared_->stopped) {
      shared_->timers.emplace(key, std::move(task));
    }
  }
  shared_->changed.notify_one();
  return std::make_unique<TimerHandle>(shared_, key);
}

void ThreadExecutor::shutdown() {
  std::deque<Task> queue;
  std::map<Shared::Key, Task> timers;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopped = true;
  }
  shared_->changed.notify_all();
  {
    const std::lock_guard lock(join_);
    if (thread_.joinable()) {
      thread_.join();
    }
  }
  const std::lock_guard lock(shared_->mutex);
  queue.swap(shared_->queue);
  timers.swap(shared_->timers);
}

bool ThreadExecutor::runSync(const std::function<void()>& function) {
  if (isCurrent()) {
    function();
    return true;
  }
  struct Waiter {
    std::mutex mutex;
    std::condition_variable changed;
    bool done = false;
    bool ran = false;
  };
  // Tells the waiter that the task is gone, run or not.
  struct Finish {
    explicit Finish(std::shared_ptr<Waiter> whom) : waiter(std::move(whom)) {}
    Finish(const Finish&) = delete;
    Finish& operator=(const Finish&) = delete;
    std::shared_ptr<Waiter> waiter;  // Shared with the one who waits and may leave first.
    bool ran = false;
    ~Finish() {
      const std::lock_guard lock(waiter->mutex);
      waiter->done = true;
      waiter->ran = ran;
      waiter->changed.notify_all();
    }
  };
  const auto waiter = std::make_shared<Waiter>();
  post([finish = std::make_shared<Finish>(waiter), &function] {
    function();
    finish->ran = true;
  });
  std::unique_lock lock(waiter->mutex);
  waiter->changed.wait(lock, [&] { return waiter->done; });
  return waiter->ran;
}

}  // namespace weir::concurrency
