#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
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
  /// `passed` has overtaken what its channels hold in front of it: that belongs to the snapshot.
  bool overtaken = false;
};

/// Which barriers may overtake records, and when.
struct Overtaking {
  std::vector<bool> channels;  ///< By channel: whether records of it may be overtaken.
  Duration patience{};         ///< How long a barrier waits for the records in front of it.
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

  /// A barrier has come to the channel, behind what that holds; onBarrier() follows.
  virtual void onAnnounced(std::uint32_t /*channel*/,
                           const functions::Barrier& /*barrier*/,
                           SteadyTime /*now*/) {}
  /// From when on overtake() lets a barrier pass; SteadyTime::max() while it would not.
  virtual SteadyTime overtakesAt() const { return SteadyTime::max(); }
  virtual BarrierVerdict overtake(SteadyTime /*now*/) { return {}; }

  /// The one that the job's mode asks for. With `overtaking`, which is for kExactlyOnce, barriers
  /// of checkpoints overtake.
  static std::unique_ptr<BarrierHandler> make(graph::CheckpointingMode mode,
                                              std::uint32_t channels,
                                              std::optional<Overtaking> overtaking = {});
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

  /// Whether barriers of it still mean anything.
  bool wants(CheckpointId checkpoint) const {
    return checkpoint > done_ && !aborted_.contains(checkpoint);
  }
  /// The barrier has passed without alignment.
  void pass(CheckpointId checkpoint);

 private:
  void reset();
  void finish(CheckpointId checkpoint);

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

/// Exactly once, unaligned: as BarrierAligner, but once its time has come a barrier passes as soon
/// as every channel has it, be it behind records. Of a channel whose records may not be overtaken,
/// and of a savepoint, barriers are aligned.
///
/// As all barriers are there, nothing comes later that would have to be recorded. A checkpoint
/// passes none before it: while the older one may still be taken, the newer one is aligned behind
/// it.
class BarrierOvertaker final : public BarrierHandler {
 public:
  static constexpr std::size_t kMostPending = 50;
  explicit BarrierOvertaker(Overtaking overtaking)
      : overtaking_(std::move(overtaking)),
        aligner_(static_cast<std::uint32_t>(overtaking_.channels.size())) {}

  BarrierVerdict onBarrier(std::uint32_t channel,
                           const functions::Barrier& barrier,
                           SteadyTime now) override;
  BarrierVerdict onAborted(CheckpointId checkpoint) override;
  void onAnnounced(std::uint32_t channel,
                   const functions::Barrier& barrier,
                   SteadyTime now) override;
  SteadyTime overtakesAt() const override;
  BarrierVerdict overtake(SteadyTime now) override;
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    functions::Barrier barrier;
    std::vector<bool> ready;  // By channel: it may pass there.
    std::uint32_t count = 0;
    SteadyTime since{};    // The first one came.
    SteadyTime patient{};  // Until then it waits for records.
  };
  Pending& noted(const functions::Barrier& barrier, SteadyTime now);
  static void setReady(Pending& pending, std::uint32_t channel);

  const Overtaking overtaking_;
  BarrierAligner aligner_;
  std::map<CheckpointId, Pending> pending_;  // That have come and are wanted.
};

}  // namespace weir::worker
