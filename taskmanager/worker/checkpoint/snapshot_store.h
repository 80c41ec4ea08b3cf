#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/concurrency/thread_pool.h"
#include "common/fs/file_system.h"
#include "common/functions/operator.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/checkpoint/sent_descriptions.h"
#include "taskmanager/worker/checkpoint/shared_uploads.h"

namespace weir::worker {

/// The frozen state of one operator, on its way to the store.
struct FrozenOperator {
  OperatorId id;
  std::string name;
  std::unique_ptr<state::FrozenState> state;  ///< Null: the operator has none.
  std::set<std::string> declared;             ///< Names known before anything ran.
  /// Where tables are shared: once the state was settled, they or why there are none.
  std::optional<Result<state::SharedTables>> tables = {};
};

/// What one subtask hands over for one checkpoint.
struct Snapshot {
  runtime::TaskId task;
  std::string task_name;
  runtime::CheckpointOrder order;
  bool finished = false;
  std::vector<FrozenOperator> operators;
  std::uint32_t alignment_millis = 0;
  std::uint32_t flush_millis = 0;
  std::uint32_t freeze_millis = 0;
  std::uint32_t last_channel = 0;  ///< As in CheckpointAck, like the next two.
  bool unaligned = false;
  std::uint64_t in_flight_bytes = 0;
};

/// Stores snapshots in the background and acknowledges them, while their tasks go on.
///
/// A subtask writes one file per checkpoint, its operators' sections one after another; sections
/// up to the storage's threshold travel in the acknowledgement, as does everything when state
/// lives on the job manager. What cannot be stored declines the checkpoint, naming operator or
/// path; nothing here fails a task. The file of an aborted checkpoint is deleted, unless it holds
/// state handles of users' own making: their owner needs it to discard them. Handles that nobody
/// was told of are discarded here. A periodic checkpoint in files shares tables where the state has
/// them (SharedUploads): the state is settled at once, apart from what waits to be written. What is
/// aborted gives its frozen state back at once: it leaves the queue, and its writing ends with the
/// next bytes. File names are never used twice. One store per worker. Threads: any.
class SnapshotStore {
 public:
  /// What acknowledgements hold, in bytes. Sections beyond `most_inline` go to the file, if there
  /// is one; an acknowledgement that is larger than `most` all the same declines the checkpoint.
  struct AckBounds {
    std::uint64_t most_inline = 1 << 20;
    std::uint64_t most = 128 << 20;  ///< Half of what the task manager takes in a frame.
  };

  /// `report` is called from background threads. References outlive the store.
  SnapshotStore(const runtime::ExecutionId& execution,
                runtime::CheckpointStorage storage,
                fs::FileSystem& files,
                Random& random,
                const Clock& clock,
                std::function<void(runtime::WorkerReport)> report,
                AckBounds bounds);
  ~SnapshotStore();

  /// Takes the snapshot over; an acknowledgement or a decline follows, unless it is aborted.
  void store(Snapshot snapshot);
  /// There is nothing to store: the task named `name` cannot take its part in the checkpoint.
  void decline(CheckpointId checkpoint,
               const runtime::TaskId& task,
               const std::string& name,
               const std::string& reason);
  void aborted(CheckpointId checkpoint);
  void completed(CheckpointId checkpoint);
  /// Gives up what is not stored yet and ends the threads. Idempotent.
  void close();

 private:
  struct Target;
  struct Taken;
  using SharedTaken = std::shared_ptr<Taken>;  // With its thread, to which an abort is told.

  Result<std::vector<runtime::OperatorSnapshot>> write(Taken& taken, Target& target);
  Result<runtime::OperatorSnapshot> writeOperator(FrozenOperator& frozen, Target& target);
  void removeFiles(std::vector<std::string> paths);
  std::string unique();
  std::string pathFor(const Snapshot& snapshot);
  bool isWanted(CheckpointId checkpoint);
  bool enqueue(const SharedTaken& taken);
  void storeWaiting();
  void run(Taken& taken);
  bool storeAndReport(Taken& taken, bool owners_discard);
  void drop(std::vector<SharedTaken> unwanted);
  static void abandon(const std::vector<std::function<void()>>& calls);

  const runtime::ExecutionId execution_;
  const runtime::CheckpointStorage storage_;
  const AckBounds bounds_;
  fs::FileSystem& files_;
  Random& random_;
  const Clock& clock_;
  const std::function<void(runtime::WorkerReport)> report_;
  SentDescriptions descriptions_;
  SharedUploads uploads_;
  std::atomic<bool> closing_{false};
  std::mutex mutex_;
  std::set<CheckpointId> aborted_;  // The newest few: what is taken for them later is unwanted.
  std::map<CheckpointId, std::vector<std::string>> committed_;  // Not known to be complete.
  std::deque<SharedTaken> waiting_;
  std::set<SharedTaken> running_;
  std::size_t busy_ = 0;          // Of `threads_`, at most one task each.
  concurrency::ThreadPool ends_;  // Frees what is unwanted, while the others wait for a disk.
  concurrency::ThreadPool threads_;
  concurrency::ThreadPool settles_;  // Last: ends first.
};

}  // namespace weir::worker
