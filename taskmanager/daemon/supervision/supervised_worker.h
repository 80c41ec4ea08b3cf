#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/concurrency/executor.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/blobcache/blob_cache.h"
#include "taskmanager/daemon/supervision/assignment.h"
#include "taskmanager/daemon/supervision/attempt_directory.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/kill_switch.h"
#include "taskmanager/daemon/supervision/launched_worker.h"
#include "taskmanager/daemon/supervision/liveness.h"
#include "taskmanager/daemon/supervision/work.h"
#include "taskmanager/daemon/supervision/worker_end.h"
#include "taskmanager/daemon/supervision/worker_hello.h"
#include "taskmanager/daemon/supervision/worker_settings.h"
#include "taskmanager/worker/network/hello.h"

namespace weir::taskmanager {

/// Who is told about workers. Calls come from the strand; none may destroy the worker directly.
class WorkerListener {
 public:
  virtual ~WorkerListener() = default;
  /// It has its work and takes peers.
  virtual void onDeployed(const runtime::ExecutionId& execution) = 0;
  /// Something that a task, or a discard, of this very execution says; but for acknowledgements.
  virtual void onReport(const runtime::ExecutionId& execution, runtime::WorkerReport report) = 0;
  /// An acknowledgement of this execution, unread but for its header.
  virtual void onAck(runtime::EncodedAck ack) = 0;
  /// Nothing of it lives any more. The last call.
  virtual void onEnded(const runtime::WorkerExited& exited) = 0;
};

/// One attempt of one job on this task manager, or the discard of handles, from the order to the
/// end of its process.
///
/// Fetches what the program needs, starts it, checks its hello, hands orders and peers to it in
/// order, and kills it where it does not obey. Lives until after onEnded(); destroyed earlier it
/// kills the process and waits for it. Threads: the strand (the loop's).
class SupervisedWorker {
 public:
  struct Environment {
    IoLoop& loop;                 // All borrowed from the task manager.
    concurrency::Executor& pool;  // Several threads, which may hang.
    BlobCache& cache;
    BlobTransport& transport;
    WorkerCgroups* groups = nullptr;  // None: its children are found by descent.
  };

  /// `directory` is made for the attempt and deleted after it.
  SupervisedWorker(Environment environment,
                   const WorkerSettings& settings,
                   WorkerListener& listener,
                   std::string directory,
                   Work work);
  ~SupervisedWorker();
  SupervisedWorker(const SupervisedWorker&) = delete;
  SupervisedWorker& operator=(const SupervisedWorker&) = delete;

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
  /// Whether it has its work and lives.
  bool deployed() const { return stage_ == Stage::kDeployed; }
  void connectPeer(const worker::DataHello& hello, UniqueFd socket);
  /// Holds its reports back, or takes them again.
  void setReading(bool reading);
  /// Kills it when it and what it has started use more memory than its slots allow, unless the
  /// kernel does that.
  void checkMemory(const ProcessTable& table);
  /// Its process, or 0.
  pid_t pid() const { return process_ ? process_->pid() : 0; }

  /// Who it is, and what it was given.
  const Assignment& assignment() const { return assignment_; }

 private:
  enum class Stage : std::uint8_t { kPreparing, kStarting, kDeployed, kEnded };

  void onPrepared(Result<LaunchSpec> spec, Work work);
  void spawn(const LaunchSpec& spec);
  std::unique_ptr<WorkerCgroup> makeGroup();
  std::uint64_t memoryLimit() const { return settings_.memory_per_slot * assignment_.slots; }
  void onFrame(const std::string& frame);
  void onHello(const runtime::WorkerHello& hello);
  void onSocketEnd(const std::string& reason);
  void onExit(ProcessExit exit);
  void take(runtime::WorkerReport report);
  void handOn(runtime::WorkerReport report);
  void handOn(runtime::EncodedAck ack);
  void onUpdate(const runtime::TaskUpdate& update);
  bool tasksHaveEnded() const;
  void end(bool expected, std::string cause);
  std::string name() const;

  Environment environment_;
  const WorkerSettings& settings_;  // Borrowed from the core, as is the listener.
  WorkerListener& listener_;
  AttemptDirectory directory_;
  const Assignment assignment_;

  Stage stage_ = Stage::kPreparing;
  Work work_;  // Until it is sent.
  std::deque<runtime::WorkerOrder> waiting_;
  std::set<runtime::TaskId> ended_tasks_;
  bool tasks_reported_ = false;
  bool cancelled_ = false;
  bool reading_ = true;
  bool takes_leases_ = false;
  Liveness liveness_;
  std::int64_t lease_until_ = 0;
  std::string failed_cause_;  // What it said of itself.
  bool unrecoverable_ = false;
  bool failed_ = false;  // It had a process, whose end nobody expected.
  std::unique_ptr<LaunchedWorker> process_;
  KillSwitch kill_;
};

}  // namespace weir::taskmanager
