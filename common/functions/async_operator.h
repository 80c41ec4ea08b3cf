#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/async_entry.h"
#include "common/functions/async_function.h"
#include "common/functions/background.h"
#include "common/functions/operator_check.h"
#include "common/functions/stream_operators.h"

/// What AsyncDataStream runs.
namespace weir::functions {

/// Asks an AsyncFunction about each record and emits its answers.
///
/// All that comes in stands in one queue until it has left, records and signals; barriers alone go
/// by, as the records in the queue belong to the snapshot. A watermark leaves behind the answers to
/// all records before it and in front of those behind it; where the order of records does not
/// matter either, answers between two signals leave as they come. Of the records that exceed the
/// capacity, a batch at most, none is asked about until others have left: the operator has no room
/// meanwhile. The end of the input leaves behind everything, which takes a time-out at the longest.
template <typename F>
class AsyncOperator final : public EmittingOperator<F, AsyncOut<F>, NoKey>,
                            public Receiver<AsyncIn<F>>,
                            public Background,
                            private Alarm {
 public:
  using In = AsyncIn<F>;
  using Out = AsyncOut<F>;
  using Base = EmittingOperator<F, Out, NoKey>;

  AsyncOperator(F function, const AsyncSettings& settings)
      : Base(std::move(function), 1), settings_(settings) {}

  void setup(OperatorContext& context) override {
    Base::setup(context);
    desk_ = std::make_shared<AsyncDesk<Out>>(context.waker());
  }
  AnyReceiver* input(std::uint32_t /*port*/) override { return this; }
  Background* background() override { return this; }

  Status restore(const OperatorRestore& restore) override {
    WEIR_RETURN_IF_ERROR(Base::restore(restore));
    return take(restore);
  }
  void check(const OperatorRestore& restore, state::CheckListener& listener) override {
    Base::check(restore, listener);
    listener.attempt(state::CheckPhase::kRestoreState, kAsyncState, [&] { return take(restore); });
  }
  void open() override {
    Base::open();
    const AtWork at_work(this->work_, 0);
    ask();
  }
  void close() override {
    this->context_->time().cancel(*this);
    desk_->close();
    Base::close();
  }

  void receive(Batch<In>& batch) override {
    const AtWork at_work(this->work_, batch.size());
    this->glance_.enforce();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      add(std::move(batch.records[i]), batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp);
    }
    ask();
    handOut();
  }
  void receive(const Signal& signal) override {
    if (std::holds_alternative<Barrier>(signal)) {
      return this->emit(signal);
    }
    Entry entry;
    entry.state = State::kSignal;
    entry.signal = signal;
    holds_end_ = holds_end_ || std::holds_alternative<EndOfInput>(signal);
    entries_.push_back(std::move(entry));
    handOut();
  }

  bool isReady() const override { return desk_->filled() || more_; }
  void handOut() override {
    const AtWork at_work(this->work_, 0);
    this->glance_.enforce();
    collect();
    std::size_t left = kMostAtOnce;
    do {
      more_ = !release(left);
      if (!more_) {
        ask();
      }
    } while (!more_ && collect());  // Answers that were given at once.
    this->out_.setTimestamp(kNoTimestamp);
    this->out_.flush();
    setAlarm();
  }
  bool hasRoom() const override { return unasked_ == 0; }
  std::optional<Hold> hold() const override {
    const auto millis = fullness_.lasts(this->context_->time());
    return millis ? std::optional(Hold{settings_.queue(), *millis}) : std::nullopt;
  }
  bool holdsEnd() const override { return holds_end_; }

 protected:
  void addOwnStates(std::vector<state::OperatorState>& own) override {
    own.push_back({state::operatorListInfo<AsyncElement<In>>(kAsyncState), {}});
    for (const Entry& entry : entries_) {
      if (entry.record) {
        own.back().elements.push_back(
            state::encodeElement<AsyncElement<In>>({*entry.record, entry.timestamp}));
      }
    }
  }

 private:
  using State = AsyncState;
  using Entry = AsyncEntry<In, Out>;
  static constexpr std::size_t kMostAtOnce = Collector<Out>::kBatchSize;  // Records in one go.

  /// Records that were in flight, before anything new.
  Status take(const OperatorRestore& restore) {
    WEIR_TRY(const auto elements, listElements(restore, this->context_->task(), kAsyncState));
    for (const WrittenElement& one : elements) {
      WEIR_TRY(auto element, state::decodeElement<AsyncElement<In>>(one.bytes, one.schema));
      add(std::move(element.first), element.second);
    }
    return ok();
  }
  void add(In record, std::int64_t timestamp) {
    Entry entry;
    entry.record.emplace(std::move(record));
    entry.timestamp = timestamp;
    entries_.push_back(std::move(entry));
    ++unasked_;
  }
  Entry& at(std::uint64_t number) { return entries_[number - first_]; }
  std::uint64_t end() const { return first_ + entries_.size(); }

  /// Asks about the next records while there is room.
  void ask() {
    next_ = std::max(next_, first_);
    while (open_ < settings_.capacity && unasked_ > 0) {
      Entry& entry = at(next_);
      if (entry.state == State::kUnasked) {
        entry.state = State::kAsked;
        entry.deadline = this->context_->time().now() + settings_.timeout;
        entry.ticket = std::make_shared<AsyncTicket<Out>>(desk_, next_);
        ++open_;
        --unasked_;
        asBase<AsyncFunction>(this->function_)
            .asyncInvoke(*entry.record, ResultFuture<Out>(entry.ticket));
      }
      ++next_;
    }
    fullness_.note(!hasRoom(), this->context_->time());
    setAlarm();
  }
  /// Takes the answers that have come; false: there are none.
  bool collect() {
    if (!desk_->filled()) {
      return false;
    }
    for (auto& one : desk_->takeAll()) {
      Entry& entry = at(one.number);
      if (one.answer.failure) {
        std::rethrow_exception(one.answer.failure);
      }
      entry.answer = std::move(one.answer);
      entry.state = State::kAnswered;
    }
    return true;
  }

  /// Lets out what may leave; false where `left` records were reached before the end of that.
  bool release(std::size_t& left) {
    std::uint64_t at_hand = first_;
    while (at_hand < end()) {
      Entry& entry = at(at_hand);
      if (entry.state == State::kSignal) {
        if (at_hand != first_) {
          break;  // Others are to leave before.
        }
        pop();
        at_hand = first_;
        continue;
      }
      if (entry.state == State::kAnswered) {
        if (left == 0) {
          return false;
        }
        emitAnswer(entry, left);
      } else if (entry.state == State::kUnasked ||
                 (entry.state == State::kAsked && settings_.ordered)) {
        break;
      }
      ++at_hand;
      while (!entries_.empty() && entries_.front().state == State::kGone) {
        entries_.pop_front();
        ++first_;
      }
      at_hand = std::max(at_hand, first_);
    }
    return true;
  }
  void emitAnswer(Entry& entry, std::size_t& left) {
    this->out_.setTimestamp(entry.timestamp);
    left -= std::min(left, std::max<std::size_t>(entry.answer.values.size(), 1));
    for (Out& value : entry.answer.values) {
      this->out_.collect(std::move(value));
    }
    entry.answer = {};
    entry.record.reset();
    entry.ticket.reset();
    entry.state = State::kGone;
    --open_;
  }
  /// The signal in front leaves.
  void pop() {
    const Signal signal = std::move(entries_.front().signal);
    entries_.pop_front();
    ++first_;
    this->out_.setTimestamp(kNoTimestamp);
    if (std::holds_alternative<EndOfInput>(signal)) {
      holds_end_ = false;
    }
    this->onSignal(0, signal);
  }

  /// For the first answer that is due.
  void setAlarm() {
    std::int64_t first = std::numeric_limits<std::int64_t>::max();
    for (const Entry& entry : entries_) {
      if (entry.state == State::kUnasked) {
        break;
      }
      if (entry.state == State::kAsked && !entry.ticket->used()) {
        first = std::min(first, entry.deadline);
        if (!entry.timed_out) {
          break;  // Those behind are asked later.
        }
      }
    }
    if (first != alarm_at_) {
      alarm_at_ = first;
      if (first == std::numeric_limits<std::int64_t>::max()) {
        this->context_->time().cancel(*this);
      } else {
        this->context_->time().set(*this, first);
      }
    }
  }
  void ring(std::int64_t now) override {
    const AtWork at_work(this->work_, 0);
    this->glance_.enforce();
    alarm_at_ = std::numeric_limits<std::int64_t>::max();
    for (std::size_t i = 0; i < entries_.size() && entries_[i].state != State::kUnasked; ++i) {
      Entry& entry = entries_[i];
      if (entry.state != State::kAsked || entry.deadline > now || entry.ticket->used()) {
        continue;
      }
      if (std::exchange(entry.timed_out, true)) {
        throw AsyncTimeoutException(
            "timeout() of an asynchronous function has given no answer within another time-out");
      }
      entry.deadline = now + settings_.timeout;
      asBase<AsyncFunction>(this->function_)
          .timeout(*entry.record, ResultFuture<Out>(entry.ticket));
    }
    handOut();
  }

  const AsyncSettings settings_;
  std::shared_ptr<AsyncDesk<Out>> desk_;  // Shared with the tickets.
  std::deque<Entry> entries_;             // In the order that they came in.
  std::uint64_t first_ = 0;               // Number of the first of them.
  std::uint64_t next_ = 0;                // None before is to be asked.
  std::size_t open_ = 0;                  // Asked, and their answers have not left.
  std::size_t unasked_ = 0;
  std::int64_t alarm_at_ = std::numeric_limits<std::int64_t>::max();
  bool more_ = false;  // That may leave at once.
  bool holds_end_ = false;
  Fullness fullness_;
};

}  // namespace weir::functions
