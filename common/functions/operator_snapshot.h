#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/functions/operator.h"
#include "common/state/keyed_backend.h"
#include "common/state/operator_state.h"

namespace weir::functions {

/// All state of an operator at one instant: keyed and of the function itself. Written by any one
/// thread.
class OperatorFrozenState final : public state::FrozenState {
 public:
  OperatorFrozenState(std::unique_ptr<state::FrozenState> keyed,
                      std::vector<state::OperatorState> own,
                      std::function<void()> on_abandoned = {})
      : keyed_(std::move(keyed)), own_(std::move(own)), on_abandoned_(std::move(on_abandoned)) {}
  Status write(state::SectionWriter& to) const override;
  bool share() override { return keyed_ != nullptr && keyed_->share(); }
  Result<state::SharedTables> settle() override { return keyed_->settle(); }
  std::function<void()> onAbandoned() const override { return on_abandoned_; }

 private:
  std::unique_ptr<state::FrozenState> keyed_;  // May be null.
  std::vector<state::OperatorState> own_;
  std::function<void()> on_abandoned_;  // Discards the handle of a user's own making.
};

/// An element of operator state as it was written, with its schema then.
struct WrittenElement {
  std::string bytes;
  record::Schema schema;
};

/// What Checkpointed<S> of `task` had stored: one element or none.
/// Errors: kInvalidArgument naming both parallelisms where they differ; kCorruption.
Result<std::vector<WrittenElement>> checkpointedElements(const OperatorRestore& restore,
                                                         const TaskInfo& task);
/// The elements of ListCheckpointed<S> that fall to `task`. Where they are split: its own at the
/// old parallelism, else of all, in order of the old subtasks, its share of one run. Of a union:
/// all. Of a broadcast: those of one old subtask.
Result<std::vector<WrittenElement>> listElements(const OperatorRestore& restore,
                                                 const TaskInfo& task,
                                                 std::string_view name = state::kCheckpointedName);

/// Puts the tier that the worker has for keyed state below a backend without keys.
void putTier(state::KeyedBackend& backend, const TaskInfo& task);

/// Once open() has returned: does with restored keyed state that nobody has asked for what `way`
/// says, and writes to standard error what is left out. Throws state::StateMismatchError, naming
/// every such state, where it is to be refused.
void settleUnclaimed(state::KeyedBackend& backend, state::Unclaimed way, const TaskInfo& task);

/// Throws std::runtime_error with the error's text, naming the operator.
void throwOnError(const Status& status, const TaskInfo& task);

}  // namespace weir::functions
