#pragma once

#include <cstdint>

#include "common/base/lease.h"
#include "common/functions/at_work.h"
#include "common/functions/operator.h"
#include "common/functions/signal_join.h"

namespace weir::functions {

/// What operators have in common that does not depend on their types: the signals of their ports
/// joined, what they have been given to do, the lease that they act under.
class OperatorBase : public Operator {
 public:
  explicit OperatorBase(std::uint32_t ports);
  ~OperatorBase() override;

  void setup(OperatorContext& context) override;
  void setFinished() override { finished_ = true; }
  Work* work() override { return &work_; }

 protected:
  /// A signal came in at `port`: acts on what it makes of all ports, and sends that on.
  void onSignal(std::uint32_t port, const Signal& signal);
  /// All ports have reached the watermark. What it lets out is to be emitted before it is sent on.
  virtual void onWatermark(const Watermark& watermark) { emit(watermark); }
  /// All ports have become idle, or one has something again.
  virtual void onStatus(const StreamStatus& status) { emit(status); }
  /// All ports have ended; what is left is to be emitted. Not called for what had ended before a
  /// restore.
  virtual void endInput() {}
  /// Whether all inputs had ended before a restore.
  bool finished() const { return finished_; }

  Work work_;
  LeaseGlance glance_;

 private:
  SignalJoin ports_;
  bool finished_ = false;
};

}  // namespace weir::functions
