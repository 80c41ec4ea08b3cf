#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"
#include "common/fs/progress.h"

namespace weir::jobmanager {

/// A queue of file work: one piece after another runs on the threads for it, and its result comes
/// back to the strand.
///
/// Nobody waits for ever. When no file operation of the piece that runs has begun or ended for
/// Bounds::patience, everybody in the queue is told kDeadlineExceeded, and so is whoever comes
/// until the piece is back. Then all goes on in order, also what nobody waits for any more: what
/// removes files comes after what may have written them. So one queue keeps one thread at most.
///
/// Owned by whoever uses the results: once it is destroyed, work still runs but nobody hears of it.
/// Threads: the strand; `work` runs elsewhere and must own all that it touches.
class FileWork {
 public:
  struct Bounds {
    Duration patience = std::chrono::seconds(20);
    std::size_t most_queued = 4096;
  };

  /// `place` is where the work is done, for errors.
  FileWork(concurrency::Executor& strand,
           concurrency::Executor& io,
           Bounds bounds,
           std::string place = {})
      : strand_(strand), io_(io), bounds_(bounds), place_(std::move(place)) {}
  FileWork(concurrency::Executor& strand, concurrency::Executor& io)
      : FileWork(strand, io, Bounds{}) {}
  ~FileWork();
  FileWork(const FileWork&) = delete;
  FileWork& operator=(const FileWork&) = delete;

  /// `work()` there, then `done(its result)` here, in order of the calls. The result is made from
  /// an Error when the work hangs.
  template <typename Work, typename Done>
  void run(Work work, Done done) {
    run(std::move(work), std::move(done), [](const auto&) {});
  }
  /// The same, and `late(result)` for what comes back when `done` was told that it hangs.
  template <typename Work, typename Done, typename Late>
  void run(Work work, Done done, Late late) {
    using Answer = std::invoke_result_t<Work&>;
    static_assert(std::is_constructible_v<Answer, Error>, "work answers with a Result");
    struct State {
      Work work;
      Done done;
      Late late;
      std::optional<Answer> answer;
    };
    // Shared by the three functions below, of which one is called last.
    auto state = std::make_shared<State>(
        State{std::move(work), std::move(done), std::move(late), std::nullopt});
    push({.work = [state] { state->answer.emplace(state->work()); },
          .answer = [state] { state->done(std::move(*state->answer)); },
          .late = [state] { state->late(*state->answer); },
          .give_up = [state](const Error& why) { state->done(Answer(why)); },
          .told = false});
  }

  /// Counts something that is not run here as outstanding, until release().
  void hold() { ++outstanding_; }
  void release() { finish(alive_); }

  /// Nobody waits for anything.
  bool idle() const { return outstanding_ == 0; }
  /// Nothing runs or will, also nothing that was given up.
  bool empty() const { return queue_.empty(); }
  /// Calls `done` once nobody waits for anything; at once when that is so now.
  void whenIdle(std::function<void()> done);

 private:
  struct Piece {
    std::function<void()> work;
    std::function<void()> answer;
    std::function<void()> late;
    std::function<void(const Error&)> give_up;
    bool told = false;
  };
  using SharedPiece = std::shared_ptr<Piece>;  // With the thread that runs it.
  /// What is left when the owner is gone while a piece runs.
  struct Rest {
    std::vector<SharedPiece> pieces;
  };

  void push(Piece piece);
  void start();
  void returned();
  void watch();
  void look();
  void giveUp();
  void tellLater(const SharedPiece& piece, Error why);
  Error hangs() const;
  void finish(const std::weak_ptr<bool>& alive);

  concurrency::Executor& strand_;  // Borrowed from the dispatcher's owner, like the next.
  concurrency::Executor& io_;
  const Bounds bounds_;
  const std::string place_;
  std::deque<SharedPiece> queue_;  // The first one runs.
  std::shared_ptr<fs::Progress> progress_ =
      std::make_shared<fs::Progress>();                    // With the thread that works.
  std::shared_ptr<Rest> rest_ = std::make_shared<Rest>();  // Likewise.
  std::uint64_t seen_ = 0;                                 // Operations, when looked at last.
  Duration quiet_{};
  bool hanging_ = false;
  std::size_t outstanding_ = 0;
  std::vector<std::function<void()>> waiting_;
  std::unique_ptr<concurrency::Executor::Timer> timer_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted results.
};

}  // namespace weir::jobmanager
