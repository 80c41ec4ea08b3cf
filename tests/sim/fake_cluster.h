#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "common/runtime/checkpoint_metadata.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "tests/sim/flaky_files.h"

namespace weir::sim {

/// How likely things go wrong, per thousand.
struct Faults {
  std::uint32_t duplicate = 30;
  std::uint32_t decline = 10;
  std::uint32_t kill_worker = 0;  ///< Per tick of a worker.
  std::uint32_t files = 0;        ///< Per write of a snapshot's files.
  std::int64_t longest_delay_millis = 40;
};

/// The state of a whole model job at one cut.
struct ModelState {
  std::map<std::uint32_t, std::uint64_t> positions;  // By source.
  std::map<std::uint64_t, std::uint64_t> counts;     // By key.
  std::set<std::uint64_t> handles;                   // Of users' own making.
  /// Whether the counts are exactly those of the records before the positions.
  bool consistent() const;
};
class DataPlane;  // The channels of one attempt.

/// What the simulated processes share. Lives as long as the simulation.
struct World {
  explicit World(std::uint64_t seed) : random(seed) {}

  concurrency::SimulatedTime time;
  SeededRandom random;
  jobmanager::DispatcherGateway* dispatcher = nullptr;
  LeaderEpoch epoch;  ///< Of that one.
  Faults faults;
  fs::MemoryFileSystem memory;
  FlakyFiles files{memory, random, faults.files};
  /// What was found wrong; the first one ends the run.
  std::vector<std::string> violations;
  /// What the tasks of an attempt held when they were told to finish.
  std::map<runtime::ExecutionId, ModelState> finals;
  /// The newest checkpoint that the tasks of a job were told is complete.
  std::map<JobId, CheckpointId> notified;
  /// Attempts that a later leader went on with, by worker.
  std::uint64_t adopted = 0;
  std::uint64_t last_handle = 0;
  std::set<std::uint64_t> discarded;  ///< State handles.
  int discard_workers_lost = 0;       ///< That did not end in order, or not yet.

  /// A second time is a violation.
  void discard(std::uint64_t handle);
  bool holdsDiscarded(const ModelState& state) const;
  bool chance(std::uint32_t per_thousand) { return random.below(1000) < per_thousand; }
  Duration delay() {
    return std::chrono::microseconds(
        random.below(static_cast<std::uint64_t>(faults.longest_delay_millis) * 1000 + 1));
  }
};

/// Behind the records in the payload of a source: its worker dies soon after each start.
inline constexpr const char* kCrashes = " crashes";

/// The model job: sources that count up, and counters per key; all state is plain numbers.
struct Model {
  static constexpr std::uint64_t kKeys = 7;

  std::uint32_t sources = 2;
  std::uint32_t counters = 2;
  std::uint64_t records = 40;  ///< Per source.
  bool handles = false;        ///< Each counter keeps a state handle in every snapshot.

  graph::JobGraph graph(const std::string& name) const;
  static std::uint64_t keyOf(std::uint64_t source, std::uint64_t position) {
    return (position * 31 + source * 17) % kKeys;
  }
  std::uint32_t counterOf(std::uint64_t key) const {
    return static_cast<std::uint32_t>(key % counters);
  }
};

/// Adds one section, as a task wrote it.
void addSection(ModelState& state, const std::string& section);
/// The state that a set of restore orders stands for.
Result<ModelState> readState(fs::FileSystem& files, const runtime::Restores& restores);
/// All that a snapshot holds, whichever program wrote it.
Result<ModelState> readState(fs::FileSystem& files, const runtime::CheckpointMetadata& metadata);

/// A task manager with its workers. Processes die as a whole; what they sent before may be lost.
class FakeTaskManager {
 public:
  FakeTaskManager(World& world, std::string host, std::uint32_t slots);
  ~FakeTaskManager();

  /// Connects and registers.
  void start();
  /// Dies at once with all workers. `noticed`: the connection closes; else it is just silent.
  void kill(bool noticed);
  /// A random worker dies by a signal.
  void killWorker();
  /// Its session ends, and its workers go on.
  void loseSession();
  /// Registers again: with what goes on, or anew after kill().
  void resume();
  bool running() const { return connection_ != nullptr; }
  bool idle() const { return workers_.empty(); }
  /// Shared by the task managers of one simulation: channels by execution.
  using Planes = std::map<runtime::ExecutionId, std::shared_ptr<DataPlane>>;
  void sharePlanes(Planes& planes) { planes_ = &planes; }

 private:
  class Connection;
  struct Worker;

  void connect();
  void heartbeat();
  void tell(const runtime::ExecutionId& execution);
  void adopted(const runtime::ExecutionId& execution);
  void gaveUp(const runtime::ExecutionId& execution);
  void note(const runtime::TaskManagerReport& report);
  void abort(const runtime::NotifyOrder& notify);
  void align(Worker& worker, std::uint32_t counter, std::uint32_t source, std::uint64_t barrier);
  void post(std::function<void()> delivery);
  void handle(const runtime::TaskManagerOrder& order);
  void deploy(const runtime::Deployment& deployment);
  void discardHandles(const runtime::DiscardHandles& order);
  void mayDiscard(const runtime::DiscardOrder& order);
  void discardNext(const runtime::ExecutionId& execution,
                   const std::vector<std::uint64_t>& handles,
                   std::uint64_t index);
  void probe(const runtime::ProbeOrder& order);
  void keepTicking(const runtime::ExecutionId& execution);
  void tick(Worker& worker);
  void finish(runtime::ExecutionId execution);
  void trigger(const runtime::TriggerOrder& order);
  void endSource(Worker& worker, std::uint32_t source);
  void endInput(Worker& worker, const runtime::TaskId& task);
  void snapshot(Worker& worker, const runtime::TaskId& task, CheckpointId id, std::string state);
  void end(runtime::ExecutionId execution, bool expected, const std::string& cause);
  void send(runtime::TaskManagerReport report);
  void after(Duration delay, std::function<void()> task);

  World& world_;
  runtime::Registration registration_;
  Planes* planes_ = nullptr;
  std::shared_ptr<Connection> connection_;  // Shared with the job manager and what is on its way.
  SteadyTime last_sent_{};
  LeaderEpoch epoch_;                         // Of the newest leader that it has obeyed.
  std::uint64_t lost_ = 0;                    // Sessions.
  std::set<runtime::ExecutionId> undecided_;  // That no leader has decided on since.
  /// What became of the tasks and workers of each attempt.
  std::map<runtime::ExecutionId, std::map<runtime::TaskId, runtime::TaskUpdate>> said_;
  std::map<runtime::ExecutionId, runtime::WorkerExited> exited_;
  std::map<runtime::ExecutionId, std::unique_ptr<Worker>> workers_;
  /// Workers that wait for the order to discard one of their handles.
  std::map<runtime::ExecutionId, std::pair<std::vector<std::uint64_t>, std::uint64_t>> asking_;
  /// Of this life; a timer that has run stays until its turn to be forgotten comes.
  std::set<std::shared_ptr<std::unique_ptr<concurrency::Executor::Timer>>> timers_;
  std::unique_ptr<concurrency::SimulatedExecutor> executor_;  // Anew for each life.
};

}  // namespace weir::sim
