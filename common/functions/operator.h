#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/functions/edge.h"
#include "common/functions/element.h"
#include "common/functions/input_status.h"
#include "common/functions/processing_time.h"
#include "common/functions/task_info.h"
#include "common/schema/key_group.h"
#include "common/schema/schema.h"
#include "common/state/keyed_backend.h"
#include "common/state/section.h"

namespace weir::state {
class CheckListener;
}  // namespace weir::state

namespace weir::functions {

class Background;
struct Work;

/// What the runtime offers to an operator. Lives as long as the operator; task's thread only.
class OperatorContext {
 public:
  virtual ~OperatorContext() = default;
  virtual const TaskInfo& task() const = 0;
  virtual AccumulatorRegistry& accumulators() = 0;
  /// Wakes the task's loop from any thread; copyable, harmless after close().
  virtual std::function<void()> waker() = 0;
  virtual ProcessingTime& time() = 0;
};

/// The state of one operator as one old subtask wrote it.
struct RestoredSection {
  std::uint32_t subtask = 0;
  std::shared_ptr<state::SectionReader> section;
};

/// All that an operator gets back: every section that may hold something for this subtask.
struct OperatorRestore {
  std::vector<RestoredSection> sections;
  KeyGroupRange key_groups;
  std::uint32_t old_parallelism = 0;
  std::vector<std::string> dropped;  ///< Names of states to leave out.
  state::Unclaimed unclaimed = state::Unclaimed::kKept;
};

/// One operator in one subtask, as the task's loop sees it: untyped, one virtual call per batch.
///
/// All that changes with the stream comes in at the ports, as one sequence of batches and signals;
/// what an operator makes of a signal it emits before it sends the signal on.
///
/// Order of calls: setup, addOutput (any number), restore (whenever the job is restored, also where
/// no section is), open, then receive/poll/snapshot/notify in any order, close. All on the task's
/// thread. User exceptions pass through; the subtask catches them.
class Operator {
 public:
  virtual ~Operator() = default;

  virtual void setup(OperatorContext& context) = 0;
  /// The receiver of an input port (a Receiver<In>); sources have none. Several may feed it, once
  /// what they send is joined.
  virtual AnyReceiver* input(std::uint32_t port) = 0;
  /// Adds a consumer (a Receiver<Out>) of what this operator emits.
  virtual void addOutput(AnyReceiver& next) = 0;
  /// The same of what it emits under the output tag `id`. Operators that have such outputs
  /// override it.
  virtual void addSideOutput(const std::string& /*id*/, AnyReceiver& /*next*/) { std::abort(); }

  virtual Status restore(const OperatorRestore& restore) = 0;
  /// The snapshot that is restored was taken behind the end of all inputs: the user's code, which
  /// has heard of it, does not hear of it again.
  virtual void setFinished() {}
  /// Instead of restore() and all that follows: tries whether `restore` can be taken back, and
  /// keeps none of the keyed state. Calls restoreState() of the function, and open() and close()
  /// only where it has to be asked for its states. What does not fit goes to `listener`, all of it.
  virtual void check(const OperatorRestore& restore, state::CheckListener& listener) = 0;
  virtual void open() = 0;
  /// Called once, on finish, cancel and failure; open() may have thrown or not been reached.
  virtual void close() = 0;

  /// Freezes all state of this operator; the result is written on another thread. Null when the
  /// operator has no state.
  virtual std::unique_ptr<state::FrozenState> snapshot(CheckpointId checkpoint) = 0;
  virtual void notifyCheckpointComplete(CheckpointId /*checkpoint*/) {}
  virtual void notifyCheckpointAborted(CheckpointId /*checkpoint*/) {}
  /// The job is finished; close() follows.
  virtual void notifyFinished() {}

  /// Its keyed state, for who tells what it holds; null: it has none.
  virtual const state::KeyedBackend* keyedState() const { return nullptr; }

  /// What this operator has been given to do, for who says where something came from.
  virtual Work* work() { return nullptr; }

  /// What goes on in it beside its input; null: nothing.
  virtual Background* background() { return nullptr; }

  /// Hands on what is collected but not yet passed to the next operator.
  virtual void flush() {}
  /// The same, and `signal` behind it.
  virtual void emit(const Signal& signal) = 0;

  /// Sources: emits about `limit` records at most, or fewer when there are none.
  virtual InputStatus poll(std::size_t /*limit*/) { return InputStatus::kEndOfInput; }
  /// Sources: when to poll again after kNothingAvailable, if the source said so.
  virtual SteadyTime pollAgainAt() const { return SteadyTime::max(); }
};

using OperatorFactory = std::function<std::unique_ptr<Operator>()>;
/// Reads a state handle of the user's own making that was written under the schema `written`; what
/// it answers runs discardState(). Errors: as state::decodeElement().
using HandleReader = std::function<Result<std::function<void()>>(std::string_view bytes,
                                                                 const record::Schema& written)>;

}  // namespace weir::functions
