#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/functions/processing_time.h"
#include "taskmanager/worker/operators/chain_background.h"

namespace weir::worker {

/// The clock of one operator of a chain. What an alarm makes it emit goes into the operators behind
/// it: so one that is due waits while any of these has no room. The chain's; its thread.
class ChainTime final : public functions::ProcessingTime {
 public:
  /// Both outlive it. `position`: of the operator in its chain, from 0 at the head.
  ChainTime(functions::ProcessingTime& time,
            const ChainBackground& background,
            std::size_t position);
  ~ChainTime() override;

  std::int64_t now() const override { return time_.now(); }
  void set(functions::Alarm& alarm, std::int64_t time) override;
  void cancel(functions::Alarm& alarm) override;

  /// Whether an alarm waits that may ring now.
  bool isReady() const { return !waiting_.empty() && hasRoom(); }
  /// Lets those ring that wait, as long as there is room.
  void ring();

 private:
  class Gate;
  struct Waiting {
    functions::Alarm* alarm = nullptr;  // Of the operator.
    std::int64_t now = 0;
  };
  bool hasRoom() const { return background_.hasRoomBehind(position_); }
  void forget(const functions::Alarm& alarm);
  Gate& gateOf(functions::Alarm& alarm);

  functions::ProcessingTime& time_;  // The task's.
  const ChainBackground& background_;
  const std::size_t position_;
  std::vector<std::unique_ptr<Gate>> gates_;  // One for each alarm that was ever set.
  std::vector<Waiting> waiting_;
};

}  // namespace weir::worker
