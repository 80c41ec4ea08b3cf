#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/lease.h"
#include "common/base/random.h"
#include "common/base/result.h"
#include "common/config/security.h"
#include "common/fs/file_system.h"
#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"
#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/data_plane.h"
#include "taskmanager/worker/rocksdb/rocks_tiers.h"
#include "taskmanager/worker/task/subtask_thread.h"

namespace weir::worker {

/// What a worker lives in. References outlive it.
struct WorkerSurroundings {
  fs::FileSystem& files;
  Random& random;  ///< Safe from any thread.
  const Clock& clock;
  /// Takes what tasks say; called from many threads, one call at a time.
  std::function<void(runtime::WorkerReport)> report;
  /// Called once, from a task's thread, when the last task has ended; may be empty.
  std::function<void()> ended;
  /// Looked at before records are worked on; outlives the worker. Null where nobody gives leases.
  const Lease* lease = nullptr;
};

/// One deployment's share of a job in this process: its tasks, buffers, connections and snapshots.
///
/// In a worker process there is one; the embedded cluster makes one per attempt. Tasks run from
/// start() on; orders reach them by handle(), those for another execution are ignored. The
/// destructor cancels what still runs and waits for it: user code that does not return is ended by
/// killing the process.
///
/// Threads: handle(), adopt() from any, after start(); the others by the owner.
class Worker {
 public:
  /// `deployment` carries the graph as this process built it, and `code` is that of this graph.
  /// Errors: kInvalidArgument for a configuration that is wrong.
  static Result<std::unique_ptr<Worker>> make(runtime::Deployment deployment,
                                              graph::ProgramCode code,
                                              WorkerSurroundings surroundings);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void start();
  /// Carries out an order to its tasks; those to its process are none for a running worker.
  void handle(const runtime::WorkerOrder& order);
  /// A connection of another worker; takes `fd` over.
  void adopt(int fd, const runtime::PeerConnection& peer) { data_plane_.adopt(fd, peer); }
  bool ended() const { return running_.load() == 0; }
  /// Whether operators of a task have taken records without a failure.
  bool processed() const;
  /// Waits until all tasks have ended.
  void join();

 private:
  struct Task {
    std::uint32_t vertex = 0;
    std::uint32_t subtask = 0;
    std::unique_ptr<SubtaskThread> thread;
    std::vector<std::uint32_t> producers;  // Workers whose loss ends its input.
    std::vector<std::uint32_t> consumers;
  };

  /// What the configuration says.
  struct Settings {
    std::chrono::milliseconds buffer_timeout{};
    std::uint64_t most_text = 0;          // Bytes of one text of user code that leave the worker.
    std::uint64_t most_accumulators = 0;  // Bytes, of one task.
    config::Security security;
  };

  Worker(runtime::Deployment deployment,
         graph::ProgramCode code,
         WorkerSurroundings surroundings,
         std::unique_ptr<BufferPool> buffers,
         std::unique_ptr<RocksTiers> tiers,
         Settings settings);
  void makeTasks();
  void connectTasks();
  Task* taskOf(std::uint32_t vertex, std::uint32_t subtask);
  std::chrono::milliseconds bufferTimeoutOf(std::uint32_t vertex,
                                            std::chrono::milliseconds otherwise) const;
  void report(runtime::WorkerReport report);
  void onLost(Link::Side side, std::uint32_t worker, const std::string& cause);
  void cancelAll();

  const runtime::Deployment deployment_;
  const graph::ProgramCode code_;
  WorkerSurroundings surroundings_;
  const Settings settings_;
  std::mutex report_mutex_;
  std::function<void(runtime::WorkerReport)> report_;  // Serializes surroundings_.report.
  std::atomic<std::size_t> running_{0};
  std::unique_ptr<BufferPool> buffers_;
  std::unique_ptr<RocksTiers> tiers_;  // Null: keyed state is on the heap.
  SnapshotStore snapshots_;
  DataPlane data_plane_;
  std::vector<Task> tasks_;  // Ends before the data plane, whose links its channels use.
};

}  // namespace weir::worker
