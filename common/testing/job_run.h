#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/accumulators/accumulators.h"
#include "common/base/clock.h"
#include "common/fs/file_system.h"
#include "common/functions/alarms.h"
#include "common/functions/processing_time.h"
#include "common/program/program_graph.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "common/testing/job_task.h"
#include "taskmanager/worker/memory/buffer_pool.h"

namespace weir::testing {

/// The clock of a job: stands still until it is moved.
class JobTime final : public functions::ProcessingTime {
 public:
  explicit JobTime(std::int64_t now) : now_(now) {}
  std::int64_t now() const override { return now_; }
  void set(functions::Alarm& alarm, std::int64_t time) override { alarms_.set(alarm, time); }
  void cancel(functions::Alarm& alarm) override { alarms_.cancel(alarm); }

  /// When the next alarm rings; INT64_MAX where none is set.
  std::int64_t next() const { return alarms_.next(); }
  /// To a time, not back, that no alarm is before but those that are due. These ring.
  void moveTo(std::int64_t time) {
    now_ = std::max(now_, time);
    alarms_.ring(now_);
  }

 private:
  std::int64_t now_;
  functions::Alarms alarms_;
};

/// Steady, and never passes.
class StillClock final : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime(std::chrono::hours(1)); }
  WallTime wallNow() const override { return WallTime(); }
};

/// One attempt of a job: all of its subtasks and the channels between them, from their start to
/// their end. Exceptions as those of JobTask. One thread.
class JobRun {
 public:
  struct Setup {
    graph::SharedGraph graph;
    const graph::ProgramCode* code = nullptr;  ///< Outlives the run, as do the next two.
    fs::FileSystem* files = nullptr;
    std::mt19937_64* random = nullptr;  ///< Null: the subtasks take turns in order.
    runtime::ExecutionId execution;
    runtime::Restores restores;
    std::int64_t now = 0;
  };
  explicit JobRun(Setup setup);
  ~JobRun();
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  /// Restores and opens everything.
  void open();
  /// Gives every subtask one turn. Answers whether any of them had something to do.
  bool round();
  JobTime& time() { return time_; }
  const JobTime& time() const { return time_; }
  bool ended() const;
  /// When the first source that has nothing wants to be asked again.
  SteadyTime pollAgainAt() const;
  /// Sleeps for 1 to 10 ms, as long as the sources want: others may do something meanwhile. What
  /// goes on behind sources that have ended may itself pause until an alarm that is no later than
  /// that: its time has come then.
  void pause();
  /// "'name' (1)" of the sources that have not ended; of other tasks where all of these have.
  std::string waitsFor() const;

  /// Takes a snapshot, with turns as they come until all subtasks have given their part of it; the
  /// state is in the handles. Answers that a subtask has to have before are waited for; throws
  /// std::runtime_error, which names it, after kMostIdle without anything to do.
  runtime::CheckpointMetadata snapshot(CheckpointId checkpoint, bool savepoint);
  void complete(CheckpointId checkpoint);
  /// Everything has ended.
  void finish();
  /// Merged over all subtasks.
  std::vector<functions::EncodedAccumulator> accumulators() const;

  /// By the clock of the machine.
  static constexpr std::chrono::seconds kMostIdle{10};

 private:
  bool sourcesEnded() const;
  std::string missingAcks() const;
  void connect();
  JobTask& taskOf(std::uint32_t vertex, std::uint32_t subtask);

  runtime::Deployment deployment_;
  std::mt19937_64* random_;
  const StillClock clock_;
  JobTime time_;
  worker::BufferPool buffers_;
  std::map<runtime::TaskId, runtime::CheckpointAck> acks_;  // Of the snapshot that is taken.
  std::vector<std::size_t> first_;                          // By vertex: of its tasks.
  std::vector<std::unique_ptr<JobTask>> tasks_;             // By vertex, then subtask.
  std::vector<std::size_t> order_;                          // Of the turns.
};

}  // namespace weir::testing
