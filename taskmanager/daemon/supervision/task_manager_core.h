#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "common/base/clock.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/acknowledgements.h"
#include "taskmanager/daemon/supervision/core_environment.h"
#include "taskmanager/daemon/supervision/data_port.h"
#include "taskmanager/daemon/supervision/directory_probes.h"
#include "taskmanager/daemon/supervision/heard_beats.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/leader_gap.h"
#include "taskmanager/daemon/supervision/report_queue.h"
#include "taskmanager/daemon/supervision/supervised_worker.h"
#include "taskmanager/daemon/supervision/work_directory.h"
#include "taskmanager/daemon/supervision/worker_table.h"

namespace weir::taskmanager {

/// What a task manager does: orders in, reports out, workers in between.
///
/// Registers through the link, runs workers as told, hands orders to them and what they say to
/// those who pass it on, sends heartbeats. With each heartbeat that the job manager has heard it
/// renews the leases of its workers; a worker that does not answer for the heartbeat time-out is
/// killed. When the job manager is lost, LeaderGap says whether workers go on until the next one
/// has decided; else they are killed, as their attempts may have successors, and only when the last
/// is reaped does it register again. Lives as long as the daemon.
///
/// Threads: the loop's. Uploads and preparations run on the pool, probes on a pool of their own.
/// Both are shut down before this is destroyed, and the loop before them.
class TaskManagerCore final : public JobManagerLink::Listener, public WorkerListener {
 public:
  using Environment = CoreEnvironment;

  TaskManagerCore(Environment environment, CoreSettings settings);
  ~TaskManagerCore() override;

  /// Registers. The port of `data_port`, which is retried when workers come, is announced.
  void start(DataPort& data_port);
  /// Cancels all workers, waits for them, ends the session, then calls `stopped`.
  void stop(std::function<void()> stopped);

  /// For the data port: finds the worker that a connection is meant for.
  PeerRouting route(const worker::DataHello& hello, UniqueFd& socket) {
    return workers_.route(hello, socket);
  }

  std::size_t workers() const { return workers_.size(); }

  void onRegistered(const SessionTerms& terms) override;
  void onHeard(std::uint64_t heartbeat) override;
  void onOrder(runtime::TaskManagerOrder order) override;
  void onRoom() override;
  void onAdopt(const runtime::ExecutionId& execution) override { gap_.adopt(execution); }
  void onGiveUp(const runtime::ExecutionId& execution) override { gap_.giveUp(execution); }
  void onLost(const std::string& reason) override;
  void onDismissed(const std::string& reason) override;
  void onGivenUp(const Error& error) override;

  void onDeployed(const runtime::ExecutionId& execution) override;
  void onReport(const runtime::ExecutionId& execution, runtime::WorkerReport report) override;
  void onAck(runtime::EncodedAck ack) override;
  void onEnded(const runtime::WorkerExited& exited) override;

 private:
  void start(Work work);
  void cancel(const runtime::ExecutionId& execution);
  void probe(runtime::ProbeOrder order);
  void releaseBlobs(JobId job);
  void forward(const runtime::ExecutionId& execution, runtime::WorkerOrder order);

  void onUpdate(runtime::TaskUpdate update);
  std::string nameOf(const runtime::ExecutionId& execution, OperatorId id);
  std::string refusalOf(const runtime::ExecutionId& execution) const;
  void refuse(const runtime::ExecutionId& execution, const std::string& why);
  void hold();  // Holds workers back, or lets them go, as queues demand.

  void heartbeat();
  void watchMemory();
  void onIdle();
  void openSession();

  Environment environment_;
  CoreSettings settings_;
  WorkerTable workers_;
  DataPort* data_port_ = nullptr;  // Borrowed from the daemon.
  LeaderEpoch newest_epoch_;
  bool lost_ = false;  // Registers again when the last worker is gone.
  bool held_ = false;
  std::function<void()> stopped_;  // Set while stopping.
  bool stopping_ = false;
  std::uint64_t session_ = 0;  // Counts sessions: results of an old one are dropped.
  ReportQueue reports_;
  Acknowledgements acknowledgements_;
  DirectoryProbes probes_;
  HeardBeats beats_;
  LeaderGap gap_;
  std::unique_ptr<IoLoop::Timer> heartbeat_timer_;
  std::unique_ptr<IoLoop::Timer> memory_timer_;
};

}  // namespace weir::taskmanager
