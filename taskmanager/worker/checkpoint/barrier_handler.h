#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "common/base/clock.h"
#include "common/functions/element.h"
#include "common/graph/job_graph.h"

namespace weir::worker {

/// What a task does about a barrier or an aborted checkpoint.
struct BarrierVerdict {
  bool block = false;    ///< Leave the channel that delivered the barrier unread.
  bool release = false;  ///< Read all channels again; before `block` takes effect.
  /// Every channel has delivered this barrier: forward it and take the snapshot.
  std::optional<functions::Barrier> passed;
  Duration alignment{};  ///< From the first one's arrival to the last one's.
};

/// Decides when a task with several channels has seen all barriers of a checkpoint. Pure logic,
/// with the time passed in; belongs to the task's thread. A barrier of a checkpoint that is
/// aborted, taken, or older than the one taken last is ignored.
class BarrierHandler {
 public:
  virtual ~BarrierHandler() = default;
  virtual BarrierVerdict onBarrier(std::uint32_t channel,
                                   const functions::Barrier& barrier,
                                   SteadyTime now) = 0;
  virtual BarrierVerdict onAborted(CheckpointId checkpoint) = 0;

  /// The one that the job's mode asks for.
  static std::unique_ptr<BarrierHandler> make(graph::CheckpointingMode mode,
                                              std::uint32_t channels);
};

/// Exactly once: a channel that has delivered the barrier is not read until all have, so that
/// nothing behind the barrier gets into the snapshot. A newer barrier gives up an older alignment.
class BarrierAligner final : public BarrierHandler {
 public:
  static constexpr std::size_t kMostAborted = 50;
  explicit BarrierAligner(std::uint32_t channels) : arrived_(channels, false) {}

  BarrierVerdict onBarrier(std::uint32_t channel,
                           const functions::Barrier& barrier,
                           SteadyTime now) override;
  BarrierVerdict onAborted(CheckpointId checkpoint) override;
  bool aligning() const { return count_ != 0; }

 private:
  void reset();

  std::vector<bool> arrived_;  // By channel, of `current_`.
  std::uint32_t count_ = 0;    // Channels that arrived; 0: not aligning.
  functions::Barrier current_;
  CheckpointId done_;               // Nothing up to this one is wanted any more.
  std::set<CheckpointId> aborted_;  // Above `done_`, the newest kMostAborted.
  SteadyTime started_{};
};

/// At least once: counts barriers and never blocks. Remembers the newest kMostPending checkpoints.
class BarrierTracker final : public BarrierHandler {
 public:
  static constexpr std::size_t kMostPending = 50;
  explicit BarrierTracker(std::uint32_t channels) : channels_(channels) {}

  BarrierVerdict onBarrier(std::uint32_t channel,
                           const functions::Barrier& barrier,
                           SteadyTime now) override;
  BarrierVerdict onAborted(CheckpointId checkpoint) override;
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    std::vector<bool> arrived;
    std::uint32_t count = 0;
    bool aborted = false;
    SteadyTime started{};
  };
  void bound();

  const std::uint32_t channels_;
  std::map<CheckpointId, Pending> pending_;
  CheckpointId done_;
};

}  // namespace weir::worker
