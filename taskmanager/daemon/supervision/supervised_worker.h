#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/assignment.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/kill_switch.h"
#include "taskmanager/daemon/supervision/launched_worker.h"
#include "taskmanager/daemon/supervision/liveness.h"
#include "taskmanager/daemon/supervision/work.h"
#include "taskmanager/daemon/supervision/worker_launch.h"
#include "taskmanager/daemon/supervision/worker_listener.h"
#include "taskmanager/daemon/supervision/worker_reports.h"
#include "taskmanager/daemon/supervision/worker_settings.h"
#include "taskmanager/worker/network/hello.h"

namespace weir::taskmanager {

/// One attempt of one job on this task manager, or the discard of handles, from the order to the
/// end of its process.
///
/// Has what the program needs fetched and started, checks its hello, hands orders and peers to it
/// in order, and kills it where it does not obey. Lives until after onEnded(); destroyed earlier it
/// kills the process and waits for it. Threads: the strand (the loop's).
class SupervisedWorker {
 public:
  /// `directory` is made for the attempt and deleted after it.
  SupervisedWorker(const WorkerLaunch::Environment& environment,
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

  WorkerReports::Events reportEvents();
  void onStarted(std::unique_ptr<LaunchedWorker> process, Work work);
  void onFrame(const std::string& frame);
  void onHello(const runtime::WorkerHello& hello);
  void deliver(const runtime::WorkerOrder& order);
  void onSocketEnd(const std::string& reason);
  void onExit(ProcessExit exit);
  void onBroken(const std::string& cause, bool unrecoverable);
  void end(bool expected, std::string cause);
  std::string name() const;

  const WorkerSettings& settings_;  // Borrowed from the core, as is the listener.
  WorkerListener& listener_;
  const Assignment assignment_;
  WorkerLaunch launch_;
  WorkerReports reports_;

  Stage stage_ = Stage::kPreparing;
  Work work_;  // Until it is sent.
  std::deque<runtime::WorkerOrder> waiting_;
  bool cancelled_ = false;
  bool reading_ = true;
  bool takes_leases_ = false;
  std::string cannot_stop_;  // Why it declines to; empty: it does.
  Liveness liveness_;
  std::int64_t lease_until_ = 0;
  bool unrecoverable_ = false;
  bool failed_ = false;  // It had a process, whose end nobody expected.
  std::unique_ptr<LaunchedWorker> process_;
  KillSwitch kill_;
};

}  // namespace weir::taskmanager
