#pragma once

#include <cstddef>
#include <deque>
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
/// A write that takes longer than the patience is answered with kFenced, like all after it: nobody
/// knows what came of it. Threads: any; the target is called on `io` alone, which is shut down
/// before the queue goes and has a second thread for time-outs.
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
  };
  struct Bounds {
    std::size_t most_waiting = 10'000;
    std::size_t most_together = 200;               ///< Writes that are done together.
    Duration patience = std::chrono::seconds(20);  ///< With what is done together.
  };
  /// Of what takes its time, for messages.
  struct Words {
    std::string waits_for;      ///< "the journal (recovery...)": of a queue that is full.
    std::string advice;         ///< Then.
    std::string has_not_taken;  ///< "the journal in ... has not": a write for 20 s.
  };

  /// Executor and target are borrowed.
  WriteQueue(Bounds bounds, Words words, concurrency::Executor& io, Target& target)
      : bounds_(bounds), words_(std::move(words)), io_(io), target_(target) {}

  void begin(Answer<Term> done);
  void write(StoreWrite write);
  void forget();

 private:
  struct Begin {
    Answer<Term> done;
  };
  struct Forget {};
  using Request = std::variant<StoreWrite, Begin, Forget>;

  void request(Request request);
  void giveUp(const std::shared_ptr<Writes>& hanging);
  std::shared_ptr<Writes> nextWrites(std::optional<Request>& other);
  void drain();
  bool writeAndAnswer(const std::shared_ptr<Writes>& writes);

  const Bounds bounds_;
  const Words words_;
  concurrency::Executor& io_;
  Target& target_;

  std::mutex mutex_;
  std::deque<Request> requests_;     // Under the mutex.
  bool draining_ = false;            // Likewise: drain() runs or is posted.
  std::shared_ptr<Writes> written_;  // Likewise: on their way, shared with drain().
  std::optional<Error> given_up_;    // Likewise.
};

}  // namespace weir::ha
