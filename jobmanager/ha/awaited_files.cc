#include "jobmanager/ha/awaited_files.h"

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <mutex>

#include "common/fs/progress.h"
#include "common/telemetry/log.h"

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

/// Of work that an executor which is shut down destroys, the end is that.
std::shared_ptr<Awaited> begin(const FileWait& wait, std::function<Status()> work) {
  auto awaited = std::make_shared<Awaited>(std::move(work));  // Shared with the executor.
  auto drop = std::shared_ptr<void>(nullptr, [awaited](void*) {
    awaited->end(Error(ErrorCode::kUnavailable, "the job manager is stopping"));
  });
  wait.io.post([awaited, drop = std::move(drop)] { awaited->run(); });
  return awaited;
}

std::string timeText(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[64];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &utc)};
}

}  // namespace

Error hangs(const std::string& place, Duration patience) {
  const auto seconds = std::chrono::duration<double>(patience).count();
  return Error(ErrorCode::kUnavailable,
               "a file operation in " + place + " hangs, and was given up after " +
                   std::to_string(seconds).substr(0, 4) + " s");
}

Status awaitFiles(const FileWait& wait, std::function<Status()> work) {
  if (auto answer = begin(wait, std::move(work))->await(wait.patience)) {
    return *std::move(answer);
  }
  return hangs(wait.place, wait.patience)
      .advise("look at that file system, or have jobmanager.files.timeout longer");
}

Status outwaitFiles(const FileWait& wait,
                    const std::string& standby,
                    const std::stop_token& stop,
                    std::function<Status()> work) {
  const auto begun = std::chrono::system_clock::now();
  const auto awaited = begin(wait, std::move(work));
  const std::stop_callback stopping(stop, [&awaited] {
    awaited->end(Error(ErrorCode::kCancelled, "the job manager is stopping"));
  });
  auto answer = awaited->await(wait.patience);
  if (!answer) {
    log::warn("a file operation hangs, and is waited for",
              {{"place", wait.place},
               {"since", timeText(begun)},
               {"meanwhile", standby},
               {"next",
                "look at that file system: whether its server answers and it is mounted. Nothing "
                "need be started anew once it does"}});
    while (!answer) {
      answer = awaited->await(wait.patience);
    }
    if (!stop.stop_requested()) {
      log::info("the file operation that hung has ended", {{"place", wait.place}});
    }
  }
  return *std::move(answer);
}

}  // namespace weir::ha
