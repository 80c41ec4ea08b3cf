#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/function_operator.h"
#include "common/functions/output.h"

namespace weir::functions {

/// A source. Polls the function until about `limit` records came or it has none.
template <typename F, typename Out>
class SourceOperator final : public FunctionOperator<F, NoKey>, public HandsOn {
 public:
  explicit SourceOperator(F function) : FunctionOperator<F, NoKey>(std::move(function), 0) {}

  void setup(OperatorContext& context) override {
    FunctionOperator<F, NoKey>::setup(context);
    out_.setWaker(context.waker());
  }
  AnyReceiver* input(std::uint32_t /*port*/) override { return nullptr; }
  void addOutput(AnyReceiver& next) override { out_.add(next); }
  void flush() override { out_.flush(); }
  void emit(const Signal& signal) override { out_.emit(signal); }

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
  SourceOutput<Out> out_;
};

}  // namespace weir::functions
