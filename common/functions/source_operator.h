#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "common/functions/callable.h"
#include "common/functions/function_operator.h"
#include "common/functions/output.h"
#include "common/functions/time.h"

namespace weir::functions {

/// A source. Polls the function until about `limit` records came or it has none.
template <typename F, typename Out>
class SourceOperator final : public FunctionOperator<F, NoKey>, public HandsOn, private Alarm {
 public:
  explicit SourceOperator(F function, TimeSettings time = {})
      : FunctionOperator<F, NoKey>(std::move(function), 0), time_(time) {}

  void setup(OperatorContext& context) override {
    FunctionOperator<F, NoKey>::setup(context);
    out_.setWaker(context.waker());
  }
  AnyReceiver* input(std::uint32_t /*port*/) override { return nullptr; }
  void addOutput(AnyReceiver& next) override { out_.add(next); }
  void addSideOutput(const std::string& id, AnyReceiver& next) override { out_.addSide(id, next); }
  void open() override {
    FunctionOperator<F, NoKey>::open();
    if (time_.characteristic == TimeCharacteristic::kIngestionTime) {
      out_.stampWith(this->context_->time());
      setAlarm(this->context_->time().now());
    }
  }
  void flush() override { out_.flush(); }
  void emit(const Signal& signal) override {
    if (std::holds_alternative<EndOfInput>(signal)) {
      this->context_->time().cancel(*this);
    }
    out_.emit(signal);
  }

  InputStatus poll(std::size_t limit) override {
    const AtWork at_work(this->work_, 0);
    out_.resetPollAgainAt();
    const std::uint64_t enough = out_.emitted() + limit;
    auto status = InputStatus::kMoreAvailable;
    for (std::size_t calls = 0; calls < limit && out_.emitted() < enough; ++calls) {
      status = callSource(this->function_, static_cast<SourceContext<Out>&>(out_));
      if (status != InputStatus::kMoreAvailable) {
        break;
      }
    }
    out_.flush();
    this->work_.records = out_.emitted();
    return status;
  }
  std::uint64_t handedOn() const override { return out_.handedOn(); }
  SteadyTime pollAgainAt() const override { return out_.pollAgainTime(); }

 private:
  void setAlarm(std::int64_t now) {
    this->context_->time().set(*this, now + time_.watermark_interval);
  }
  /// Records are stamped with later times from now on.
  void ring(std::int64_t now) override {
    this->glance_.enforce();
    const AtWork at_work(this->work_, 0);
    out_.advance(now - 1);
    setAlarm(now);
  }

  SourceOutput<Out> out_;
  const TimeSettings time_;
};

}  // namespace weir::functions
