#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/blobcache/blob_cache.h"
#include "taskmanager/daemon/slots/slot_table.h"
#include "taskmanager/daemon/supervision/data_port.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/job_manager_link.h"
#include "taskmanager/daemon/supervision/state_uploads.h"
#include "taskmanager/daemon/supervision/work_directory.h"
#include "taskmanager/daemon/supervision/worker.h"

namespace weir::taskmanager {

struct CoreSettings {
  WorkerSettings worker;
  runtime::Registration registration;               ///< Without what changes: free memory.
  Duration stop_grace = std::chrono::seconds(5);    ///< For workers when the task manager stops.
  Duration memory_check = std::chrono::seconds(1);  ///< How often memory is looked at.
  Duration unused_blobs = std::chrono::hours(1);    ///< How long they stay cached.
};

/// What a task manager does: orders in, reports out, workers in between.
///
/// Registers through the link, runs workers as told, relays between them and the job manager, sends
/// heartbeats. With each heartbeat that the job manager has heard it renews the leases of its
/// workers; a worker that does not answer for the heartbeat time-out is killed. When the job
/// manager is lost, their attempts may have successors: all workers are killed, and only when the
/// last is reaped does it register again. Lives as long as the daemon.
///
/// Threads: the loop's. Uploads and preparations run on the pool, probes on a pool of their own.
/// Both are shut down before this is destroyed, and the loop before them.
class TaskManagerCore final : public JobManagerLink::Listener, public WorkerListener {
 public:
  struct Environment {
    IoLoop& loop;                   // All borrowed from the daemon.
    concurrency::Executor& pool;    // Runs what may block side by side, like the next.
    concurrency::Executor& probes;  // Of directories that users named: they may hang.
    WorkDirectory& directory;
    BlobCache& cache;
    BlobTransport& transport;
    fs::FileSystem& files;
    JobManagerLink& link;
    const Clock& clock;
    std::function<std::uint64_t()> free_memory;
    std::function<void(const Error&)> on_given_up;  ///< Registration took too long.
    WorkerCgroups* groups = nullptr;                // Where control groups are delegated.
  };

  TaskManagerCore(Environment environment, CoreSettings settings);
  ~TaskManagerCore() override;

  /// Registers. The port of `data_port`, which is retried when workers come, is announced.
  void start(DataPort& data_port);
  /// Cancels all workers, waits for them, ends the session, then calls `stopped`.
  void stop(std::function<void()> stopped);

  /// For the data port: finds the worker that a connection is meant for.
  PeerRouting route(const worker::DataHello& hello, UniqueFd& socket);

  std::size_t workers() const { return workers_.size(); }

  void onRegistered(const SessionTerms& terms) override;
  void onHeard(std::uint64_t heartbeat) override;
  void onOrder(runtime::TaskManagerOrder order) override;
  void onRoom() override;
  void onLost(const std::string& reason) override;
  void onGivenUp(const Error& error) override;

  void onDeployed(const runtime::ExecutionId& execution) override;
  void onReport(const runtime::ExecutionId& execution, runtime::WorkerReport report) override;
  void onEnded(const runtime::WorkerExited& exited) override;

 private:
  void deploy(runtime::Deployment deployment);
  void cancel(const runtime::ExecutionId& execution);
  void probe(runtime::ProbeOrder order);
  void forward(const runtime::ExecutionId& execution, runtime::WorkerOrder order);
  Worker* find(const runtime::ExecutionId& execution);

  void report(runtime::TaskManagerReport report);
  void flushUpdates();
  void acknowledge(runtime::CheckpointStorage::Kind storage, runtime::CheckpointAck ack);
  void uploaded(StateUploads::Outcome outcome);
  void reportWithinBounds(runtime::CheckpointAck ack);
  void hold();  // Holds workers back, or lets them go, as queues demand.

  void heartbeat();
  void watchMemory();
  void reapOrphans(const ProcessTable& table);
  void onIdle();
  void openSession();

  Environment environment_;
  CoreSettings settings_;
  SlotTable slots_;
  DataPort* data_port_ = nullptr;  // Borrowed from the daemon.
  std::map<runtime::ExecutionId, std::unique_ptr<Worker>> workers_;
  LeaderEpoch newest_epoch_;
  bool registered_ = false;
  bool lost_ = false;  // Registers again when the last worker is gone.
  bool held_ = false;
  std::size_t probing_ = 0;
  bool orphans_ = false;           // Children that are no workers were there at the last look.
  std::function<void()> stopped_;  // Set while stopping.
  bool stopping_ = false;
  std::uint64_t session_ = 0;  // Counts sessions: results of an old one are dropped.
  StateUploads uploads_;
  std::vector<runtime::TaskUpdate> updates_;
  bool flush_posted_ = false;
  std::uint64_t heartbeats_ = 0;
  /// Heartbeats that were not heard yet, and when they were sent.
  std::map<std::uint64_t, std::int64_t> sent_;
  SessionTerms terms_;
  std::int64_t lease_until_ = 0;  // Of all workers.
  std::unique_ptr<IoLoop::Timer> heartbeat_timer_;
  std::unique_ptr<IoLoop::Timer> memory_timer_;
};

/// Reads what the job manager wrote and writes what it shall read; an empty answer when both went
/// well, else why not, naming the file. Blocks.
std::string probeDirectory(fs::FileSystem& files, const runtime::ProbeOrder& order);

}  // namespace weir::taskmanager
