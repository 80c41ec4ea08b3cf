#include "common/functions/function_life.h"

#include <exception>
#include <utility>

#include "common/functions/operator_check.h"
#include "common/functions/operator_snapshot.h"

namespace weir::functions {

FunctionLife::FunctionLife(std::uint32_t ports, bool has_own)
    : OperatorBase(ports), has_own_(has_own) {}
FunctionLife::~FunctionLife() = default;

void FunctionLife::setup(OperatorContext& context) {
  OperatorBase::setup(context);
  context_ = &context;
  runtime_.emplace(context.task(), context.accumulators());
}

void FunctionLife::setBackend(state::KeyedBackend& backend) {
  keyed_ = &backend;
  putTier(backend, context_->task());
  backend.setClock([&time = context_->time()] { return time.now(); });
  runtime_->setBackend(&backend);
}

Status FunctionLife::restore(const OperatorRestore& restore) {
  if (keyed_ != nullptr) {
    unclaimed_ = restore.unclaimed;
    WEIR_RETURN_IF_ERROR(bindOnce());
    for (const RestoredSection& part : restore.sections) {
      WEIR_RETURN_IF_ERROR(keyed_->restore(*part.section, restore.key_groups, restore.dropped));
    }
  }
  return restoreOwn(restore);
}

void FunctionLife::check(const OperatorRestore& restore, state::CheckListener& listener) {
  using state::CheckPhase;
  if (keyed_ != nullptr &&
      !listener.attempt(CheckPhase::kConstruct, {}, [this] { return bindOnce(); })) {
    return;
  }
  if (has_own_) {
    listener.attempt(
        CheckPhase::kRestoreState, state::kCheckpointedName, [&] { return restoreOwn(restore); });
  }
  if (keyed_ != nullptr) {
    checkKeyed(*this, *keyed_, restore, context_->task(), listener);
  }
}

void FunctionLife::open() {
  throwOnError(bindOnce(), context_->task());
  opened_ = true;
  openFunction(*runtime_);
  if (keyed_ != nullptr) {
    settleUnclaimed(*keyed_, unclaimed_, context_->task());
    expiry_alarm_.open(*keyed_, context_->time(), work_);
  }
}

void FunctionLife::close() {
  expiry_alarm_.close();
  if (!std::exchange(opened_, false)) {
    return;
  }
  std::exception_ptr failure;
  try {
    endTransactions();
  } catch (...) {
    failure = std::current_exception();  // After close(), which is called in any case.
  }
  closeFunction();
  if (failure) {
    std::rethrow_exception(failure);
  }
}

std::unique_ptr<state::FrozenState> FunctionLife::frozenKeys() {
  const bool any = keyed_ != nullptr && (keyed_->hasStates() || !keyed_->unclaimed().empty());
  return any ? keyed_->freeze() : nullptr;
}

std::unique_ptr<state::FrozenState> FunctionLife::frozen() { return frozen(frozenKeys(), {}, {}); }

std::unique_ptr<state::FrozenState> FunctionLife::frozen(std::unique_ptr<state::FrozenState> keyed,
                                                         std::vector<state::OperatorState> own,
                                                         std::function<void()> on_abandoned) {
  addOwnStates(own);
  if (keyed == nullptr && own.empty()) {
    return nullptr;
  }
  return std::make_unique<OperatorFrozenState>(
      std::move(keyed), std::move(own), std::move(on_abandoned));
}

Status FunctionLife::bindOnce() {
  return keyed_ == nullptr || std::exchange(bound_, true) ? ok() : bindStates();
}

}  // namespace weir::functions
