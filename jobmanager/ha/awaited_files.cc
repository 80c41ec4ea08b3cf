#include "jobmanager/ha/awaited_files.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "common/fs/progress.h"

namespace weir::ha {
namespace {

constexpr int kLooks = 10;  // Per patience.

/// Work that somebody waits for. An executor that drops it before it began answers it as well.
class Awaited {
 public:
  explicit Awaited(std::function<Status()> work) : work_(std::move(work)) {}

  void run() {
    const fs::Progress::Scope scope(progress_);
    end(std::exchange(work_, nullptr)());
  }
  void end(Status status) {
    const std::lock_guard lock(mutex_);
    if (!answer_) {
      answer_ = std::move(status);
    }
    ended_.notify_all();
  }
  /// Nothing when it has not gone on for the patience.
  std::optional<Status> await(Duration patience) {
    std::unique_lock lock(mutex_);
    std::uint64_t seen = progress_.operations();
    for (int quiet = 0; quiet < kLooks && !answer_; ++quiet) {
      ended_.wait_for(lock, patience / kLooks, [this] { return answer_.has_value(); });
      const std::uint64_t operations = progress_.operations();
      quiet = std::exchange(seen, operations) == operations ? quiet : -1;
    }
    return answer_;
  }

 private:
  std::function<Status()> work_;
  fs::Progress progress_;
  std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<Status> answer_;  // Under the mutex.
};

}  // namespace

Error hangs(const std::string& place, Duration patience) {
  const auto seconds = std::chrono::duration<double>(patience).count();
  return Error(ErrorCode::kUnavailable,
               "a file operation in " + place + " hangs, and was given up after " +
                   std::to_string(seconds).substr(0, 4) + " s");
}

Status awaitFiles(const FileWait& wait, std::function<Status()> work) {
  const auto awaited = std::make_shared<Awaited>(std::move(work));  // Shared with the executor.
  // An executor that is shut down destroys what it does not run.
  auto drop = std::shared_ptr<void>(nullptr, [awaited](void*) {
    awaited->end(Error(ErrorCode::kUnavailable, "the job manager is stopping"));
  });
  wait.io.post([awaited, drop = std::move(drop)] { awaited->run(); });
  if (auto answer = awaited->await(wait.patience)) {
    return *std::move(answer);
  }
  return hangs(wait.place, wait.patience)
      .advise("look at that file system, or have jobmanager.files.timeout longer");
}

}  // namespace weir::ha
