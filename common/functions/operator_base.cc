#include "common/functions/operator_base.h"

#include "common/base/overloaded.h"

namespace weir::functions {

OperatorBase::OperatorBase(std::uint32_t ports) : ports_(ports) {}
OperatorBase::~OperatorBase() = default;

void OperatorBase::setup(OperatorContext& context) {
  work_.operator_name = context.task().operator_name;
  glance_ = LeaseGlance(context.task().lease);
}

void OperatorBase::onSignal(std::uint32_t port, const Signal& signal) {
  glance_.enforce();
  const AtWork at_work(work_, 0);
  for (auto joined = ports_.join(port, signal); joined; joined = ports_.more()) {
    std::visit(Overloaded{[this](const Watermark& watermark) { onWatermark(watermark); },
                          [this](const Barrier& barrier) { emit(barrier); },
                          [this](const EndOfInput& end) {
                            if (!finished_) {
                              endInput();
                            }
                            emit(end);
                          },
                          [this](const StreamStatus& status) { onStatus(status); },
                          [this](const LoopMark& mark) { emit(mark); }},
               *joined);
  }
}

}  // namespace weir::functions
