#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/snapshot/savepoints.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/heap_savepoints.h"
#include "jobmanager/savepoint/path_work.h"
#include "jobmanager/savepoint/savepoint_disposal.h"
#include "jobmanager/savepoint/savepoint_users.h"

namespace weir::jobmanager {

/// The savepoints of all jobs: on the heap of the job manager, lost with it, or in directories,
/// which outlive the cluster. A savepoint is a pointer to its checkpoint's data. Those on the heap,
/// the jobs that would recover from one, and disposals have owners of their own; this one keeps,
/// opens and lists.
///
/// Threads: the strand; callbacks come on it, exactly once. Files are touched off the strand, in a
/// queue for each path.
class SavepointStore {
 public:
  struct Settings {
    bool on_files = false;
    std::string directory;                 ///< Of file savepoints, when on_files.
    std::uint64_t heap_limit = 256 << 20;  ///< What heap savepoints may hold together, in bytes.
    std::uint64_t inline_limit = 1024;     ///< Larger sections get a file of their own.
    std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file of a snapshot that is read.
    std::string holder = {};                   ///< This process in marks; see mark_holder.h.
    /// Whether the process that holds a mark is known to be gone.
    std::function<bool(const std::string&)> is_gone = {};
  };
  using Opened = snapshot::Opened;

  /// `owners` outlives the store.
  SavepointStore(const CheckpointServices& services,
                 Random& random,
                 Settings settings,
                 SavepointOwners& owners);

  /// Whether a savepoint may go to a directory of this name, as far as can be told at once.
  Status mayKeepIn(const std::string& directory) const;
  /// Where keep() is to put a savepoint that its user wants in `directory`, or in the configured
  /// place if that is empty: a directory that is not there yet. Empty for the heap.
  std::string placeIn(const std::string& directory);
  /// Stores a completed snapshot at a `place` of placeIn(). kResourceExhausted when the heap would
  /// hold more than its limit. With state handles of users' own making in it, `program` is kept
  /// beside it; else it is ignored.
  void keep(const std::string& place,
            const runtime::CheckpointMetadata& metadata,
            std::shared_ptr<const runtime::JobProgram> program,
            Callback<KeptSavepoint> done);
  /// A heap path, or the directory of a savepoint or completed checkpoint. Every file that it names
  /// is looked at: what is missing is an error here, not in a task.
  void open(const std::string& path, Callback<Opened> done);
  void list(Callback<std::vector<runtime::SavepointInfo>> done);

  /// What keep() of an earlier leader has left at its `place`: the savepoint of this checkpoint
  /// where it is whole; else nothing, also of what was there. On an error neither is known.
  void settle(const std::string& place,
              JobId job,
              CheckpointId checkpoint,
              Callback<std::optional<Opened>> done);

  /// Until releaseInUse(), disposal is refused (from any cluster when on files). What keep() has
  /// put into a directory is marked for its job.
  void markInUse(const Opened& savepoint, JobId job, std::function<void()> done) {
    users_.add(savepoint.path, savepoint.metadata.data_directory, job, std::move(done));
  }
  void releaseInUse(const std::string& path, JobId job, std::function<void()> done = [] {}) {
    users_.remove(path, job, std::move(done));
  }
  /// See SavepointDisposal.
  void dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done) {
    disposal_.dispose(std::move(request), std::move(done));
  }

  /// Goes on with disposals in the configured place that a crash has cut short.
  void resumeDisposals();

  /// The job manager ends: discards the heap savepoints with their data.
  void discardHeap() { disposal_.discardHeap(); }
  void whenSettled(std::function<void()> done) { work_.whenIdle(std::move(done)); }

 private:
  using SharedProgram = std::shared_ptr<const runtime::JobProgram>;  // With jobs and savepoints.

  void keepOnHeap(const runtime::CheckpointMetadata& metadata,
                  SharedProgram program,
                  Callback<KeptSavepoint> done);
  void keepInFiles(const std::string& path,
                   const runtime::CheckpointMetadata& metadata,
                   SharedProgram program,
                   Callback<KeptSavepoint> done);
  void openOnHeap(const std::string& path, Callback<Opened> done);
  void know(const std::string& savepoint);
  void removeLate(const Result<std::string>& written);

  CheckpointServices services_;
  Random& random_;  // Borrowed from the dispatcher's owner.
  const Settings settings_;
  std::set<std::string> directories_;  // That hold savepoints, as URIs.
  PathWork work_;                      // Before those who use it.
  HeapSavepoints heap_;
  SavepointUsers users_;
  SavepointDisposal disposal_;
};

}  // namespace weir::jobmanager
