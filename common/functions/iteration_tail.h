#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "common/functions/iteration_state.h"
#include "common/functions/operator_base.h"
#include "common/state/keyed_check.h"

namespace weir::functions {

/// Where records leave for the way back. It never waits, and says nothing. Its head may be set up
/// later than it, on another thread; none at the first barrier, at the end or after a minute is
/// none in this process, and an error.
template <typename F>
class IterationTail final : public OperatorBase, public Receiver<F> {
 public:
  IterationTail(std::shared_ptr<FeedbackHub> hub, std::uint32_t loop)
      : OperatorBase(1), hub_(std::move(hub)), loop_(loop) {}

  void setup(OperatorContext& context) override {
    OperatorBase::setup(context);
    context_ = &context;
    channel_ = hub_->at(context.task().attempt, context.task().subtask);
  }
  AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  void addOutput(AnyReceiver& /*next*/) override {}
  Status restore(const OperatorRestore& restore) override {
    return restoreFeedback<F>(
        restore, context_->task(), [this](std::string bytes, std::uint64_t records) {
          channel_->push(std::move(bytes), records);
        });
  }
  void check(const OperatorRestore& restore, state::CheckListener& listener) override {
    listener.attempt(state::CheckPhase::kRestoreState, kFeedbackState, [&] {
      return restoreFeedback<F>(
          restore, context_->task(), [](const std::string& /*bytes*/, std::uint64_t /*n*/) {});
    });
  }
  void open() override {}
  void close() override {}
  void receive(Batch<F>& batch) override {
    glance_.enforce();
    const AtWork at_work(work_, batch.size());
    if (!channel_->hasHead()) {
      awaitHead();
    }
    channel_->push(encodeFeedback(batch), batch.size());
  }
  void receive(const Signal& signal) override {
    if (!channel_->hasHead() &&
        (std::holds_alternative<Barrier>(signal) || std::holds_alternative<EndOfInput>(signal))) {
      throwNoHead(context_->task());
    }
    if (const auto* barrier = std::get_if<Barrier>(&signal)) {
      channel_->tailBarrier(barrier->checkpoint);
    } else if (const auto* mark = std::get_if<LoopMark>(&signal);
               mark != nullptr && mark->loop == loop_) {
      channel_->push(*mark);
    }
  }
  void emit(const Signal& /*signal*/) override {}
  std::unique_ptr<state::FrozenState> snapshot(CheckpointId checkpoint) override {
    return std::make_unique<FrozenFeedback>(
        state::operatorListInfo<FeedbackElement<F>>(kFeedbackState), channel_->takeLog(checkpoint));
  }
  void notifyCheckpointAborted(CheckpointId checkpoint) override { channel_->abort(checkpoint); }

 private:
  static constexpr std::int64_t kLongestAlone = 60'000;  // In milliseconds.

  void awaitHead() {
    const std::int64_t now = context_->time().now();
    alone_since_ = alone_since_.value_or(now);
    if (now - *alone_since_ >= kLongestAlone) {
      throwNoHead(context_->task());
    }
  }

  std::shared_ptr<FeedbackHub> hub_;  // Shared with the head, and those of other subtasks.
  const std::uint32_t loop_;
  OperatorContext* context_ = nullptr;
  std::shared_ptr<FeedbackChannel> channel_;  // Shared with the head.
  std::optional<std::int64_t> alone_since_;   // The first record without a head.
};

}  // namespace weir::functions
