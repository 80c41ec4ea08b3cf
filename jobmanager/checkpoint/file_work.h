#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "common/concurrency/executor.h"

namespace weir::jobmanager {

/// Runs file work on the executor for it and brings the results back to the strand.
///
/// Owned by whoever uses the results: once it is destroyed, work still runs but nobody hears of it.
/// Threads: the strand; `work` runs on the other executor and must own all that it touches.
class FileWork {
 public:
  FileWork(concurrency::Executor& strand, concurrency::Executor& io) : strand_(strand), io_(io) {}
  FileWork(const FileWork&) = delete;
  FileWork& operator=(const FileWork&) = delete;

  /// `work()` there, then `done(its result)` here, in order of the calls.
  template <typename Work, typename Done>
  void run(Work work, Done done) {
    ++outstanding_;
    auto shared_done = std::make_shared<Done>(std::move(done));  // Copied along, called once.
    auto shared_work = std::make_shared<Work>(std::move(work));
    io_.post(
        [this, &strand = strand_, alive = std::weak_ptr<bool>(alive_), shared_work, shared_done] {
          auto result = std::make_shared<decltype((*shared_work)())>((*shared_work)());
          strand.post([this, alive, shared_done, result] {
            if (!alive.expired()) {
              (*shared_done)(std::move(*result));
              finish(alive);
            }
          });
        });
  }

  /// Counts something that is not run here as outstanding, until release().
  void hold() { ++outstanding_; }
  void release() { finish(alive_); }

  bool idle() const { return outstanding_ == 0; }
  /// Calls `done` once nothing is outstanding; at once when that is so now.
  void whenIdle(std::function<void()> done) {
    if (idle()) {
      done();
    } else {
      waiting_.push_back(std::move(done));
    }
  }

 private:
  void finish(const std::weak_ptr<bool>& alive) {
    if (alive.expired() || --outstanding_ > 0) {
      return;
    }
    for (std::function<void()>& one : std::exchange(waiting_, {})) {
      one();
    }
  }

  concurrency::Executor& strand_;  // Borrowed from the dispatcher's owner, like the next.
  concurrency::Executor& io_;
  std::size_t outstanding_ = 0;
  std::vector<std::function<void()>> waiting_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted results.
};

}  // namespace weir::jobmanager
