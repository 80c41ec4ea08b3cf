#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/concurrency/executor.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/blobcache/blob_cache.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/worker_process.h"
#include "taskmanager/worker/network/hello.h"

namespace weir::taskmanager {

/// What holds for all workers of one task manager.
struct WorkerSettings {
  std::string host;                                          ///< As failures name this machine.
  std::string launcher;                                      ///< Path of weir-launcher.
  std::uint64_t memory_per_slot = 0;                         ///< Bytes; 0: not watched.
  Duration hello_timeout = std::chrono::seconds(30);         ///< From spawn to WorkerHello.
  Duration end_timeout = std::chrono::seconds(5);            ///< From its last word to its exit.
  Duration cancellation_timeout = std::chrono::seconds(30);  ///< Unless the job says otherwise.
  Duration program_timeout = std::chrono::seconds(60);       ///< Likewise; up to execute().
  std::uint64_t most_accumulators = 1 << 20;                 ///< The same, in bytes of one task.
  Duration stack_wait = std::chrono::milliseconds(500);      ///< For the stacks of what hangs.
  std::uint64_t most_frame = kMaxFrameBytes;                 ///< Of a message to a worker.
  std::uint64_t most_report = 32 << 20;                      ///< Of one to the job manager.
  std::uint64_t core_bytes = 0;                              ///< Largest core file of a worker.
  std::size_t kept_directories = 0;                          ///< Of failed workers.
  std::string error_file;                         ///< Where standard error goes, if known.
  daemon::OutputSink* standard_output = nullptr;  ///< Of workers; borrowed.
  daemon::OutputSink* standard_error = nullptr;
};

/// Who is told about workers. Calls come from the strand; none may destroy the worker directly.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  /// It has its deployment and takes peers.
  virtual void onDeployed(const runtime::ExecutionId& execution) = 0;
  /// A TaskUpdate, CheckpointAck or CheckpointDecline of this very execution.
  virtual void onReport(const runtime::ExecutionId& execution, runtime::WorkerReport report) = 0;
  /// Nothing of it lives any more. The last call.
  virtual void onEnded(const runtime::WorkerExited& exited) = 0;
};

/// One attempt of one job on this task manager, from its deployment to the end of its process.
///
/// Fetches what the program needs, starts it, checks its hello, hands orders and peers to it in
/// order, and kills it where it does not obey. Lives until after onEnded(); destroyed earlier it
/// kills the process and waits for it. Threads: the strand (the loop's); preparation and the
/// removal of the directory run on the pool: a disk that hangs holds up neither the strand nor a
/// cancel.
class Worker {
 public:
  struct Environment {
    IoLoop& loop;                 // All borrowed from the task manager.
    concurrency::Executor& pool;  // Several threads, which may hang.
    BlobCache& cache;
    BlobTransport& transport;
    WorkerCgroups* groups = nullptr;  // None: its children are found by descent.
  };

  /// `directory` is made for the attempt and deleted after it.
  Worker(Environment environment,
         const WorkerSettings& settings,
         WorkerListener& listener,
         std::string directory,
         runtime::Deployment deployment);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Begins to prepare; onEnded() follows whatever happens.
  void start();
  /// Tells it to end, and kills it after the cancellation timeout or `most`, whichever is shorter.
  /// Again: only shortens the time.
  void cancel(Duration most = Duration::max());
  /// Kills it: its attempt was given up, and nobody waits for what it might still do.
  void kill();
  /// Asks whether it lives, and kills it when it was silent for the heartbeat time-out. Called in
  /// the interval of heartbeats: those that this process missed itself are not held against it.
  void beat(const SessionTerms& terms);
  /// Until when it may act for its job, of nanosSinceBoot(); kept for its start.
  void renewLease(std::int64_t until);
  /// Hands an order on; before the hello it waits for it.
  void send(runtime::WorkerOrder order);
  /// Whether it has its deployment and lives.
  bool deployed() const { return stage_ == Stage::kDeployed; }
  void connectPeer(const worker::DataHello& hello, UniqueFd socket);
  /// Holds its reports back, or takes them again.
  void setReading(bool reading);
  /// Kills it when it and what it has started use more memory than its slots allow, unless the
  /// kernel does that.
  void checkMemory(const ProcessTable& table);
  /// Its process, or 0.
  pid_t pid() const { return process_ ? process_->pid() : 0; }

  const runtime::ExecutionId& execution() const { return execution_; }
  const std::string& token() const { return token_; }
  std::uint32_t self() const { return self_; }
  runtime::CheckpointStorage::Kind storage() const { return storage_; }
  /// How sentences name an operator of its job.
  std::string nameOf(OperatorId id) const;

 private:
  enum class Stage : std::uint8_t { kPreparing, kStarting, kDeployed, kEnded };

  void onPrepared(Result<LaunchSpec> spec, runtime::Deployment deployment);
  void spawn(const LaunchSpec& spec);
  std::unique_ptr<WorkerCgroup> makeGroup();
  std::uint64_t memoryLimit() const { return settings_.memory_per_slot * slots_; }
  std::string tooMuchMemory(const std::string& used, const std::string& by) const;
  void onFrame(const std::string& frame);
  void onHello(const runtime::WorkerHello& hello);
  void onSocketEnd(const std::string& reason);
  void onExit(ProcessExit exit);
  void handOn(runtime::WorkerReport report);
  void onUpdate(const runtime::TaskUpdate& update);
  void killBecause(std::string cause);
  void killAfter(Duration delay, std::string cause);
  void onHang(const std::string& cause);
  std::string label() const;
  std::string keptDirectory() const;
  std::string causeOf(const ProcessExit& exit);
  void end(bool expected, std::string cause);
  std::string name() const;

  Environment environment_;
  const WorkerSettings& settings_;  // Borrowed from the core, as is the listener.
  WorkerListener& listener_;
  const std::string directory_;
  const runtime::ExecutionId execution_;
  const std::string token_;
  const std::uint32_t self_;
  const std::uint32_t slots_;
  const runtime::CheckpointStorage::Kind storage_;
  const std::string job_name_;
  const std::map<OperatorId, std::string> operator_names_;
  Duration cancellation_timeout_;
  Duration program_timeout_;
  std::uint64_t most_accumulators_;
  std::size_t tasks_ = 0;  // Of this deployment.
  const bool discards_handles_;

  Stage stage_ = Stage::kPreparing;
  runtime::Deployment deployment_;  // Until it is sent.
  std::deque<runtime::WorkerOrder> waiting_;
  std::set<runtime::TaskId> ended_tasks_;
  bool tasks_reported_ = false;
  bool cancelled_ = false;
  bool reading_ = true;
  bool takes_leases_ = false;
  bool heard_ = false;  // Something since the last beat().
  bool awake_ = false;  // Something since its deployment: main() has come to execute().
  std::int64_t beats_missed_ = 0;
  std::int64_t lease_until_ = 0;
  std::string kill_cause_;    // Why we kill it.
  std::string failed_cause_;  // What it said of itself.
  bool unrecoverable_ = false;
  bool failed_ = false;  // It had a process, whose end nobody expected.
  std::unique_ptr<WorkerProcess> process_;
  std::unique_ptr<IoLoop::Timer> kill_timer_;
  std::unique_ptr<IoLoop::Timer> stack_timer_;
  SteadyTime kill_at_ = SteadyTime::max();
  std::shared_ptr<char> alive_;  // Watched by what the pool posts back.
};

}  // namespace weir::taskmanager
