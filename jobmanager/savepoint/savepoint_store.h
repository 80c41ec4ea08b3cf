#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "common/snapshot/savepoints.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/checkpoint/pending_checkpoint.h"
#include "jobmanager/checkpoint/use_marks.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/heap_room.h"

namespace weir::jobmanager {

/// What disposal must know of jobs that run here.
class SavepointOwners {
 public:
  virtual ~SavepointOwners() = default;
  /// The job that took the savepoint forgets it. True when it still needs the data as its latest
  /// checkpoint, and discards it later.
  virtual bool releaseSavepoint(JobId job, CheckpointId checkpoint) = 0;
  /// Whether a job that has not ended holds this checkpoint as its own.
  virtual bool ownsCheckpoint(JobId job, CheckpointId checkpoint) const = 0;
  virtual bool isRunning(JobId job) const = 0;
  /// Of a job that has not ended and has state handles of its own making; else null.
  virtual std::shared_ptr<const runtime::JobProgram> programOf(JobId job) const = 0;
};

/// The savepoints of all jobs: on the heap of the job manager, lost with it, or in directories,
/// which outlive the cluster. A savepoint is a pointer to its checkpoint's data.
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
  using Opened = snapshot::Opened;  ///< Its path is as markInUse() takes it.

  /// `owners` outlives the store.
  SavepointStore(const CheckpointServices& services,
                 Random& random,
                 Settings settings,
                 SavepointOwners& owners);

  /// Stores a completed snapshot under `directory`, or in the configured place if that is empty.
  /// kResourceExhausted when the heap would hold more than its limit. With state handles of users'
  /// own making in it, `program` is kept beside it; else it is ignored.
  void keep(const std::string& directory,
            const runtime::CheckpointMetadata& metadata,
            std::shared_ptr<const runtime::JobProgram> program,
            Callback<KeptSavepoint> done);
  /// A heap path, or the directory of a savepoint or completed checkpoint. Every file that it names
  /// is looked at: what is missing is an error here, not in a task.
  void open(const std::string& path, Callback<Opened> done);
  void list(Callback<std::vector<runtime::SavepointInfo>> done);

  /// Until releaseInUse(), disposal is refused (from any cluster when on files). What keep() has
  /// put into a directory is marked for its job.
  void markInUse(const std::string& path, JobId job, std::function<void()> done);
  void releaseInUse(const std::string& path, JobId job, std::function<void()> done = [] {});
  /// Has state handles of users' own making discarded first, by the request's program, the one
  /// of the job that took it, or the one stored; without any, or when that does not work, it is
  /// refused and nothing is deleted.
  void dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done);

  /// The job manager ends: discards the heap savepoints with their data.
  void discardHeap();
  void whenSettled(std::function<void()> done) { work_.whenIdle(std::move(done)); }

 private:
  using SharedProgram = std::shared_ptr<const runtime::JobProgram>;  // With jobs and disposals.
  struct OnHeap {
    runtime::CheckpointMetadata metadata;
    HeapShare share;
    SharedProgram program;  // Null unless it must discard handles.
    JobId keeper;           // Holds the program's files in the blob store.
  };
  struct Disposal;  // One on its way.

  void keepOnHeap(const runtime::CheckpointMetadata& metadata,
                  SharedProgram program,
                  Callback<KeptSavepoint> done);
  void keepInFiles(const std::string& directory,
                   const runtime::CheckpointMetadata& metadata,
                   SharedProgram program,
                   Callback<KeptSavepoint> done);

  void disposeHeap(std::shared_ptr<Disposal> disposal);
  void disposeFiles(std::shared_ptr<Disposal> disposal);
  Status mayDispose(const Disposal& disposal) const;
  bool claim(const std::shared_ptr<Disposal>& disposal);
  void discardHandles(const std::shared_ptr<Disposal>& disposal, std::function<void()> next);
  void discardHandles(const std::shared_ptr<Disposal>& disposal,
                      SharedProgram program,
                      std::vector<OwnedHandle> handles,
                      std::function<void()> next);
  void removeFromHeap(const std::shared_ptr<Disposal>& disposal);
  bool isGone(const InUse& one) const;
  void removeFiles(const std::shared_ptr<Disposal>& disposal);
  void removeData(runtime::CheckpointMetadata metadata,
                  bool job_runs,
                  runtime::DisposeReply reply,
                  Callback<runtime::DisposeReply> done);
  void forget(const OnHeap& entry);
  void removeLate(const Result<std::string>& written);
  FileWork& queueOf(const std::string& path);
  template <typename Work, typename Done>
  void run(const std::string& path, Work work, Done done) {
    run(path, std::move(work), std::move(done), [](const auto&) {});
  }
  template <typename Work, typename Done, typename Late>
  void run(const std::string& path, Work work, Done done, Late late) {
    work_.hold();
    queueOf(path).run(
        std::move(work),
        [this, done = std::move(done)](auto&& answer) mutable {
          done(std::forward<decltype(answer)>(answer));
          work_.release();
        },
        std::move(late));
  }
  void forgetUser(const std::string& path, JobId job);

  CheckpointServices services_;
  Random& random_;  // Borrowed from the dispatcher's owner.
  const Settings settings_;
  SavepointOwners& owners_;  // Borrowed: the dispatcher.
  std::uint64_t heap_number_ = 0;
  std::map<std::string, OnHeap> heap_;  // By path.
  HeapRoom heap_room_;
  std::map<std::string, std::set<JobId>> in_use_;  // By jobs of this job manager, by path.
  std::set<std::string> directories_;              // That hold savepoints, as local paths.
  std::set<std::string> disposing_;                // Paths.
  /// One for each path: paths that users name may hang, and hold up no other then.
  std::map<std::string, std::unique_ptr<FileWork>> queues_;
  FileWork work_;  // Counts what runs in the others.
};

}  // namespace weir::jobmanager
