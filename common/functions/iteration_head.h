#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "common/functions/background.h"
#include "common/functions/iteration_state.h"
#include "common/functions/loop_rounds.h"
#include "common/functions/loop_trend.h"
#include "common/functions/operator_base.h"
#include "common/functions/output.h"
#include "common/state/keyed_check.h"

namespace weir::functions {

struct IterationSettings {
  std::uint32_t loop = 0;     ///< Tells the iterations of a job apart.
  std::int64_t max_wait = 0;  ///< Behind the input's end, in milliseconds; 0: not bounded.
};

/// The output of a head whose feedback has a type of its own.
inline constexpr const char* kFeedbackOutput = "iteration feedback";

/// Where records enter an iteration: those of the input pass through, and so do those that come
/// back, to the same output (kApart: to another).
///
/// Watermarks are those of the input; what comes back has none of its own, and keeps the timestamps
/// that it has. The last watermark follows when the input has ended and nothing is in flight, and
/// the end when nothing is again, as the watermark may have let something out; both follow when no
/// record has come for `max_wait`. Records that come back later than that are left out, with a line
/// on standard error.
///
/// In a snapshot the head has what waits for it when its barrier passes (FeedbackChannel).
template <typename T, typename F, bool kApart>
class IterationHead final : public OperatorBase,
                            public Receiver<T>,
                            public Background,
                            private Alarm {
 public:
  IterationHead(std::shared_ptr<FeedbackHub> hub, const IterationSettings& settings)
      : OperatorBase(1), hub_(std::move(hub)), settings_(settings), rounds_(settings.loop, 1) {}

  void setup(OperatorContext& context) override {
    OperatorBase::setup(context);
    context_ = &context;
    rounds_ = LoopRounds(settings_.loop, context.task().parallelism);
    channel_ = hub_->at(context.task().attempt, context.task().subtask);
    channel_->attachHead(context.waker());
  }
  AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  Background* background() override { return this; }
  void addOutput(AnyReceiver& next) override { out_.add(next); }
  void addSideOutput(const std::string& /*id*/, AnyReceiver& next) override { apart_.add(next); }

  Status restore(const OperatorRestore& restore) override {
    return restoreFeedback<F>(
        restore, context_->task(), [this](std::string bytes, std::uint64_t records) {
          channel_->restoreFront(std::move(bytes), records);
        });
  }
  void check(const OperatorRestore& restore, state::CheckListener& listener) override {
    listener.attempt(state::CheckPhase::kRestoreState, kFeedbackState, [&] {
      return restoreFeedback<F>(
          restore, context_->task(), [](const std::string& /*bytes*/, std::uint64_t /*n*/) {});
    });
  }
  void open() override {}
  void close() override {
    channel_->detachHead();
    context_->time().cancel(*this);
    if (lost_ != 0) {
      reportLost(context_->task(), lost_);
    }
  }

  void receive(Batch<T>& batch) override {
    const AtWork at_work(work_, batch.size());
    out_.forward(batch);
  }
  void receive(const Signal& signal) override {
    glance_.enforce();
    const AtWork at_work(work_, 0);
    if (const auto* barrier = std::get_if<Barrier>(&signal)) {
      channel_->headBarrier(barrier->checkpoint);
    }
    if (std::holds_alternative<EndOfInput>(signal)) {
      return inputEnded();
    }
    const auto* watermark = std::get_if<Watermark>(&signal);
    if (watermark != nullptr && watermark->time == Watermark::kEnd && !finished()) {
      return;  // It follows with the end.
    }
    if (!std::holds_alternative<LoopMark>(signal)) {  // Those of another loop end here.
      emit(signal);
    }
  }
  void flush() override {
    out_.flush();
    apart_.flush();
  }
  void emit(const Signal& signal) override {
    out_.emit(signal);
    apart_.emit(signal);
  }

  std::unique_ptr<state::FrozenState> snapshot(CheckpointId checkpoint) override {
    return std::make_unique<FrozenFeedback>(
        state::operatorListInfo<FeedbackElement<F>>(kFeedbackState),
        channel_->takeView(checkpoint));
  }
  void notifyCheckpointAborted(CheckpointId checkpoint) override { channel_->abort(checkpoint); }

  bool isReady() const override { return channel_->hasSome(); }
  void handOut() override {
    glance_.enforce();
    const AtWork at_work(work_, 0);
    ++handed_out_;
    std::uint64_t records = 0;
    while (records < Collector<F>::kBatchSize) {
      const auto item = channel_->take();
      if (!item) {
        break;
      }
      if (const auto* mark = std::get_if<LoopMark>(&*item)) {
        cameBack(*mark);
      } else {
        records += handOut(*std::get<0>(*item));
      }
    }
    work_.records += records;
    setAlarm();
  }
  /// A long way back is to become shorter before more enters; barriers get through all the same.
  bool hasRoom() const override {
    return channel_->waiting() < kMostWaiting || handed_out_ % kTurnsOfInput == 0 ||
           !channel_->hasSome();
  }
  bool holdsEnd() const override { return input_ended_ && !ended_; }
  std::optional<std::string> endless() const override {
    return holdsEnd() && trend_.isEndless()
               ? std::optional(describeEndless(context_->task(), trend_.least()))
               : std::nullopt;
  }

 private:
  static constexpr std::uint64_t kMostWaiting = 256;  // Chunks.
  static constexpr std::uint64_t kTurnsOfInput = 16;
  /// A round is a signal from each head to each tail: of many, they pause while records go round.
  static constexpr std::uint32_t kFewHeads = 8;
  static constexpr std::int64_t kPause = 10;  // In milliseconds.

  std::uint64_t handOut(const FeedbackChunk& chunk) {
    if (ended_) {
      lost_ += chunk.records();
      return chunk.records();
    }
    rounds_.noteEmitted();
    trend_.noteRecords(chunk.records());
    last_record_ = context_->time().now();
    decodeFeedback(chunk.bytes(), chunk.records(), batch_);
    if constexpr (kApart) {
      apart_.forward(batch_);
    } else {
      out_.forward(batch_);
    }
    batch_.clear();
    return chunk.records();
  }
  void inputEnded() {
    input_ended_ = true;
    last_record_ = context_->time().now();
    if (finished()) {
      return end();
    }
    emit(rounds_.next());
    setAlarm();
  }
  void cameBack(const LoopMark& mark) {
    if (ended_ || !rounds_.cameBack(mark)) {
      return;
    }
    trend_.noteRound(context_->time().now());
    if (rounds_.isQuiet()) {
      if (time_ended_) {
        return end();
      }
      endTime();
      rounds_.restart();
    }
    if (mark.heat == 0 || context_->task().parallelism <= kFewHeads) {
      emit(rounds_.next());
    } else {
      next_round_ = context_->time().now() + kPause;
    }
  }
  void endTime() {
    time_ended_ = true;
    emit(Watermark{Watermark::kEnd});
  }
  void end() {
    if (!time_ended_ && !finished()) {
      endTime();
    }
    ended_ = true;
    emit(EndOfInput{});
  }

  void setAlarm() {
    std::int64_t at = kNever;
    if (input_ended_ && !ended_) {
      at = next_round_;
      if (settings_.max_wait > 0) {
        at = std::min(at, last_record_ + settings_.max_wait);
      }
    }
    if (at != alarm_at_) {
      alarm_at_ = at;
      at == kNever ? context_->time().cancel(*this) : context_->time().set(*this, at);
    }
  }
  void ring(std::int64_t now) override {
    glance_.enforce();
    const AtWork at_work(work_, 0);
    alarm_at_ = kNever;
    if (settings_.max_wait > 0 && last_record_ + settings_.max_wait <= now &&
        channel_->waiting() == 0) {
      end();
    } else if (next_round_ <= now) {
      next_round_ = kNever;
      emit(rounds_.next());
    }
    setAlarm();
  }

  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  std::shared_ptr<FeedbackHub> hub_;  // Shared with the tail, and those of other subtasks.
  const IterationSettings settings_;
  OperatorContext* context_ = nullptr;
  std::shared_ptr<FeedbackChannel> channel_;  // Shared with the tail.
  Output<T> out_;
  Output<F> apart_;  // Where kApart.
  Batch<F> batch_;
  LoopRounds rounds_;
  LoopTrend trend_;
  bool input_ended_ = false;
  bool time_ended_ = false;
  bool ended_ = false;
  std::uint64_t handed_out_ = 0;
  std::uint64_t lost_ = 0;  // Records that came back behind the end.
  std::int64_t last_record_ = 0;
  std::int64_t next_round_ = kNever;
  std::int64_t alarm_at_ = kNever;
};

}  // namespace weir::functions
