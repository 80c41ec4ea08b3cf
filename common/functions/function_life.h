#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "common/functions/expiry_alarm.h"
#include "common/functions/operator_base.h"
#include "common/functions/runtime_context.h"
#include "common/state/keyed_backend.h"
#include "common/state/operator_state.h"

namespace weir::functions {

/// What the life of an operator around a user function has that depends on no type: compiled once,
/// as every function of every job has it.
class FunctionLife : public OperatorBase {
 public:
  /// has_own: whether the function has state of its own, which is no keyed state.
  FunctionLife(std::uint32_t ports, bool has_own);
  ~FunctionLife() override;

  void setup(OperatorContext& context) override;
  Status restore(const OperatorRestore& restore) override;
  void check(const OperatorRestore& restore, state::CheckListener& listener) override;
  void open() override;
  void close() override;
  const state::KeyedBackend* keyedState() const override { return keyed_; }

 protected:
  /// Where the function may have keyed state: in setup(). It outlives what follows.
  void setBackend(state::KeyedBackend& backend);
  /// The keyed state; null where there is none.
  std::unique_ptr<state::FrozenState> frozenKeys();
  /// All state of an operator whose function has none of its own; null where there is none.
  std::unique_ptr<state::FrozenState> frozen();
  /// All state of the operator, `own` being that of the function; null where there is none.
  std::unique_ptr<state::FrozenState> frozen(std::unique_ptr<state::FrozenState> keyed,
                                             std::vector<state::OperatorState> own,
                                             std::function<void()> on_abandoned);

  /// Appends states of the operator's own to a snapshot.
  virtual void addOwnStates(std::vector<state::OperatorState>& /*own*/) {}

  OperatorContext* context_ = nullptr;  // Of the task; outlives the operator.

 private:
  /// Binds what the function declares to the backend.
  virtual Status bindStates() = 0;
  /// The state of the function itself.
  virtual Status restoreOwn(const OperatorRestore& restore) = 0;
  virtual void openFunction(RuntimeContext& runtime) = 0;
  virtual void endTransactions() = 0;
  virtual void closeFunction() = 0;
  Status bindOnce();

  const bool has_own_;
  state::KeyedBackend* keyed_ = nullptr;  // Null: the function has no keyed state.
  std::optional<RuntimeContext> runtime_;
  ExpiryAlarm expiry_alarm_;
  state::Unclaimed unclaimed_ = state::Unclaimed::kKept;  // Of what was restored.
  bool bound_ = false;
  bool opened_ = false;
};

}  // namespace weir::functions
