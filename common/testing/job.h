#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/api/environment.h"
#include "common/api/job_execution_result.h"
#include "common/functions/time.h"

namespace weir::testing {

/// What builds a job's graph on the environment that it is given. It does not call execute().
using Program = std::function<void(StreamExecutionEnvironment&)>;

/// What a restore leaves out or renames, as `weir run -s` takes it.
struct RestoreOptions {
  bool allow_non_restored = false;               ///< -n
  std::vector<std::string> drop{};               ///< --drop UID or UID/STATE
  std::map<std::string, std::string> renamed{};  ///< --map OLD=NEW
};

/// A whole job, run by whoever calls, on a clock that the test moves.
///
/// Chains, partitioning, channels, watermarks, barriers, state and snapshots are those of a worker;
/// what is missing is threads, processes and the network. The subtasks take turns, in the same
/// order each time: with a seed in an order, and for numbers of records, that follow from it. State
/// is on the heap, and checkpoints are kept in memory.
///
/// The graph is built when the job is first needed; what is set comes before. What user code throws
/// comes out of the call that ran it, and the job has failed then. What is wrong with the graph is
/// a JobExecutionException, what a restore does not find or take a std::runtime_error. One thread;
/// any number of jobs in a process.
class Job {
 public:
  explicit Job(Program program);
  ~Job();
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  /// Permutes the turns of the subtasks.
  Job& seed(std::uint64_t seed);
  /// Of operators that set none, as `-p`; 1 without it.
  Job& parallelism(int parallelism);
  /// Begins with the state of a savepoint, or of a completed checkpoint, of this machine: one of a
  /// cluster, or of savepoint().
  Job& restoreFrom(const std::string& path, const RestoreOptions& options = {});
  /// Where the clock begins, in milliseconds since the epoch; without it when the savepoint was
  /// taken that the job begins with, else at 0.
  Job& setProcessingTime(std::int64_t time);

  /// Runs until all has ended. The clock does not move, but by the milliseconds that an iteration
  /// pauses for before it ends; a source that has nothing, and does not end, is waited for. Throws
  /// std::runtime_error, which names it, after kMostIdle without a record.
  JobExecutionResult runToEnd();
  /// Lets time pass: all that there is is processed, timers fire, periodic checkpoints are taken.
  void advance(Time by);
  /// So many rounds, in each of which every subtask has one turn. Answers whether any of them had
  /// something to do.
  bool step(int rounds = 1);
  std::int64_t currentProcessingTime() const;
  /// Whether all has ended.
  bool ended() const;

  /// Takes a checkpoint, and lets it complete: the job fails back to it.
  void checkpoint();
  /// Writes a savepoint into a directory of its own below `directory`, and answers its path. It
  /// depends on nothing else, and may be moved.
  std::string savepoint(const std::string& directory);
  /// Fails one subtask, by the name of its operator or chain. The whole job goes on from its latest
  /// checkpoint: from what it was restored from, or from the beginning, where it has none.
  void failTask(const std::string& name, int subtask);

  /// How often the job was started.
  int attempts() const;

  /// How long runToEnd() waits for a source, by the clock of the machine.
  static constexpr std::chrono::seconds kMostIdle{10};

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::testing
