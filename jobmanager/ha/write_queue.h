#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/clock.h"
#include "common/concurrency/executor.h"
#include "jobmanager/ha/job_store.h"

namespace weir::ha {

struct StoreWrite {
  LeaderEpoch epoch;
  Change change;
  Answer<std::monostate> done;
};

/// What is asked of a store that takes its time, in order and one after the other; writes that wait
/// together are done together.
///
/// What the target does is given up once it has not gone on for the patience, unless the target
/// says that it ends by itself. Writes that it was doing are then answered with kFenced, like all
/// after them: nobody knows what came of them; a term that was beginning, with kUnavailable.
/// Threads: any; the target is called on `io` alone,
/// which is shut down before the queue goes and has a second thread for time-outs.
class WriteQueue {
 public:
  using Writes = std::vector<StoreWrite>;

  class Target {
   public:
    virtual ~Target() = default;
    virtual Result<Term> begin() = 0;
    /// The answer of each write.
    virtual std::vector<Status> write(const Writes& writes) = 0;
    /// What can wait until they are answered.
    virtual void afterWrites() {}
    virtual void forget() = 0;
    /// Nothing has gone on for the patience, and something will all the same, in bounded time. On
    /// another thread than the rest.
    virtual bool endsByItself() const { return false; }
  };
  struct Bounds {
    std::size_t most_waiting = 10'000;
    std::size_t most_together = 200;               ///< Writes that are done together.
    Duration patience = std::chrono::seconds(20);  ///< With what does not go on.
  };
  /// Of what takes its time, for messages.
  struct Words {
    std::string waits_for;      ///< "the journal (recovery...)": of a queue that is full.
    std::string advice;         ///< Then.
    std::string has_not_taken;  ///< "the journal in ... has not": gone on for 20 s.
  };

  /// Executor and target are borrowed.
  WriteQueue(Bounds bounds, Words words, concurrency::Executor& io, Target& target)
      : bounds_(bounds), words_(std::move(words)), io_(io), target_(target) {}

  void begin(Answer<Term> done);
  void write(StoreWrite write);
  void forget();

  /// Told by the target: what it does goes on.
  void goesOn() { ++steps_; }

 private:
  static constexpr int kLooks = 4;  // In a time of patience.

  struct Begin {
    Answer<Term> done;
  };
  struct Forget {};
  using Request = std::variant<StoreWrite, Begin, Forget>;

  void request(Request request);
  bool watched(const std::function<void()>& work);
  void lookLater();
  void look(std::uint64_t turn);
  void giveUp(std::unique_lock<std::mutex> lock);
  bool beginAndAnswer(const Begin& begin);
  std::shared_ptr<Writes> nextWrites(std::optional<Request>& other);
  void drain();
  bool writeAndAnswer(const std::shared_ptr<Writes>& writes);

  const Bounds bounds_;
  const Words words_;
  concurrency::Executor& io_;
  Target& target_;

  std::atomic<std::uint64_t> steps_ = 0;
  std::mutex mutex_;
  // Under the mutex.
  std::deque<Request> requests_;
  bool draining_ = false;            // drain() runs or is posted.
  std::shared_ptr<Writes> written_;  // On their way, shared with drain().
  Answer<Term> beginning_;           // Likewise; none: no term begins.
  std::optional<Error> given_up_;
  bool watching_ = false;
  std::uint64_t turn_ = 0;  // Of the target's calls that were watched.
  std::uint64_t seen_ = 0;  // Steps at the last look.
  Duration quiet_{};        // Since the last step, as far as was looked.
  std::unique_ptr<concurrency::Executor::Timer> timer_;
};

}  // namespace weir::ha
