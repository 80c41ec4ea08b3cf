#include "common/functions/operator_base.h"

#include "common/base/overloaded.h"

namespace weir::functions {

void OperatorBase::setup(OperatorContext& context) {
  work_.operator_name = context.task().operator_name;
  glance_ = LeaseGlance(context.task().lease);
}

void OperatorBase::onSignal(std::uint32_t port, const Signal& signal) {
  glance_.enforce();
  const AtWork at_work(work_, 0);
  const auto joined = ports_.join(port, signal);
  if (!joined) {
    return;
  }
  std::visit(Overloaded{[this](const Watermark& watermark) { onWatermark(watermark); },
                        [this](const Barrier& barrier) { emit(barrier); },
                        [this](const EndOfInput& end) {
                          if (!finished_) {
                            endInput();
                          }
                          emit(end);
                        }},
             *joined);
}

}  // namespace weir::functions
