#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/functions/operator.h"
#include "common/schema/schema.h"
#include "common/schema/state_kinds.h"
#include "common/testing/snapshot.h"

namespace weir::state {
class SectionReader;
}  // namespace weir::state

namespace weir::testing {

/// One operator in one subtask, run by whoever calls: the operator and the state of a real task,
/// without a task around it. Its clock stands still until it is moved.
///
/// The operator is made, and given its state back, when it is first needed, and opened then. What
/// user code throws passes through every call; what is wrong otherwise is a std::runtime_error. One
/// thread.
class OperatorRun {
 public:
  /// Adds the consumers of a new operator.
  using Connect = std::function<void(functions::Operator&)>;

  /// `ports` is the number of its inputs; 0 of a source.
  OperatorRun(functions::OperatorFactory make, std::uint32_t ports, Connect connect);
  /// Closes the operator, whatever that throws.
  ~OperatorRun();
  OperatorRun(const OperatorRun&) = delete;
  OperatorRun& operator=(const OperatorRun&) = delete;

  /// Key groups of the operator; before it is opened.
  void setMaxParallelism(std::uint32_t groups) { max_parallelism_ = groups; }
  /// The inputs are streams that are united into one port of the operator, as a task does; before
  /// it is opened.
  void uniteInputs() { united_ = true; }
  /// The operator, open.
  functions::Operator& opened();
  /// As a task does that has come to its end, or was cancelled. It may be opened again.
  void close();

  /// A signal at one input, or at all of them.
  void signal(std::uint32_t port, const functions::Signal& signal);
  void signal(const functions::Signal& signal);
  /// The end of an input: the last watermark, then that nothing follows.
  void end(std::uint32_t port);
  void end();
  /// Whether all inputs have ended; of a source, whether it has.
  bool ended() const { return all_ended_; }

  /// Emits what the operator has beside its input, such as answers that have come; done after every
  /// signal and move of the clock.
  void handOut();

  /// Whether the subtask owns a key of this hash.
  bool owns(std::uint64_t key_hash);

  std::int64_t now() const;
  /// Timers that are due on the way fire in order; the clock does not go back.
  void advanceTo(std::int64_t time);
  /// Of an operator that is not open: any time.
  void beginAt(std::int64_t time);

  /// What a checkpoint stores.
  Snapshot snapshot();
  /// Gives up what there is, and begins anew with this state.
  void restore(const Snapshot& snapshot);
  void complete(std::uint64_t checkpoint);
  void abort(std::uint64_t checkpoint);

  /// An entry of a keyed state as a snapshot would have it.
  struct Entry {
    std::string_view key;  ///< The views are valid during the callback.
    std::string_view name_space;
    std::string_view value;
    const record::Schema& written;  ///< Of the value.
  };
  /// Calls `each` for all entries of a state; false where the operator does not have it.
  bool eachEntry(const std::string& state,
                 state::StateKind kind,
                 const std::function<void(const Entry&)>& each);
  /// Entries of all keyed states together, timers too.
  std::uint64_t entries();
  /// Throws std::invalid_argument, which names the states that there are.
  [[noreturn]] void throwNoState(const std::string& state, state::StateKind kind);

  /// The value of an accumulator; nothing where there is none of this name.
  std::optional<std::string> accumulator(const std::string& name);
  /// How often a source's waker was called.
  int woken() const { return woken_->load(); }

 private:
  class Attempt;

  std::shared_ptr<state::SectionReader> keyedState();

  functions::OperatorFactory make_;
  std::uint32_t ports_;
  bool united_ = false;
  Connect connect_;
  std::optional<Snapshot> restored_;  // What the next attempt begins with.
  std::uint32_t max_parallelism_ = 4096;
  std::uint32_t ended_ = 0;  // Inputs, one by one.
  bool all_ended_ = false;
  std::int64_t now_ = 0;          // While there is no attempt.
  std::uint64_t checkpoint_ = 0;  // The last one.
  std::uint64_t attempts_ = 0;
  std::shared_ptr<std::atomic<int>> woken_{new std::atomic<int>(0)};  // Shared with the wakers.
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace weir::testing
