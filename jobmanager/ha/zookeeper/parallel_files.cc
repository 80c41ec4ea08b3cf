#include "jobmanager/ha/zookeeper/parallel_files.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "jobmanager/ha/awaited_files.h"

namespace weir::ha {

namespace {

constexpr const char* kWhatHelps = "look at that file system; it is tried again once it answers";

}  // namespace

struct ParallelFiles::Shared {
  std::mutex mutex;
  std::condition_variable ended;
  std::size_t running = 0;  // Under the mutex; with those that hang.
};

/// One operation. An executor that drops it before it began answers it as well.
class ParallelFiles::Task {
 public:
  Task(Piece piece, std::shared_ptr<Shared> shared)
      : piece_(std::move(piece)),
        shared_(std::move(shared)),
        since_(std::chrono::steady_clock::now()) {}

  /// Not under the mutex.
  void run() {
    const Status done = piece_.work();
    if (end(done) && done && piece_.undo) {
      piece_.undo();
    }
  }
  void dropped() { end(Error(ErrorCode::kUnavailable, "the job manager is stopping")); }

  // Under the mutex.
  std::optional<Status> answer;
  bool given_up = false;
  SteadyTime since() const { return since_; }

 private:
  /// True when nobody waits for it any more.
  bool end(const Status& done) {
    bool late = false;
    {
      const std::lock_guard lock(shared_->mutex);
      if (std::exchange(ended_, true)) {
        return false;
      }
      --shared_->running;
      late = given_up;
      if (!late) {
        answer = done;
      }
    }
    shared_->ended.notify_all();
    return late;
  }

  const Piece piece_;
  const std::shared_ptr<Shared> shared_;  // Of all.
  const SteadyTime since_;
  bool ended_ = false;  // Under the mutex.
};

ParallelFiles::ParallelFiles(std::string place,
                             Duration patience,
                             concurrency::Executor& io,
                             std::function<void()> goes_on)
    : place_(std::move(place)),
      patience_(patience),
      io_(io),
      goes_on_(std::move(goes_on)),
      shared_(std::make_shared<Shared>()) {}

void ParallelFiles::start(Piece piece, Tasks& tasks) {
  const auto task = std::make_shared<Task>(std::move(piece), shared_);
  tasks.push_back(task);
  // An executor that is shut down destroys what it does not run.
  auto drop = std::shared_ptr<void>(nullptr, [task](void*) { task->dropped(); });
  io_.post([task, drop = std::move(drop), goes_on = goes_on_] {
    task->run();
    goes_on();
  });
}

std::vector<Status> ParallelFiles::run(std::vector<Piece> pieces) {
  Tasks tasks;
  std::vector<Status> answers;
  std::unique_lock lock(shared_->mutex);
  for (;;) {
    while (tasks.size() < pieces.size() && shared_->running < kMost) {
      ++shared_->running;
      lock.unlock();
      start(std::move(pieces[tasks.size()]), tasks);
      lock.lock();
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    SteadyTime next = SteadyTime::max();
    for (const auto& task : tasks) {
      if (!task->answer && now >= task->since() + patience_) {
        task->given_up = true;
        task->answer = hangs(place_, patience_).advise(kWhatHelps);
      } else if (!task->answer) {
        next = std::min(next, task->since() + patience_);
      }
    }
    if (next != SteadyTime::max()) {
      shared_->ended.wait_until(lock, next);
    } else if (tasks.size() == pieces.size() || shared_->running >= kMost) {
      break;
    }
  }
  for (const auto& task : tasks) {
    answers.push_back(*task->answer);
  }
  answers.resize(
      pieces.size(),
      Error(ErrorCode::kUnavailable, std::to_string(kMost) + " file operations hang in " + place_)
          .advise(kWhatHelps));
  return answers;
}

}  // namespace weir::ha
