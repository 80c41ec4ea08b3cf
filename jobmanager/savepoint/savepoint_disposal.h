#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/checkpoint_metadata.h"
#include "common/runtime/client_messages.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/heap_savepoints.h"
#include "jobmanager/savepoint/path_work.h"
#include "jobmanager/savepoint/savepoint_handles.h"
#include "jobmanager/savepoint/savepoint_owners.h"
#include "jobmanager/savepoint/savepoint_use.h"
#include "jobmanager/savepoint/savepoint_users.h"

namespace weir::jobmanager {

/// Disposes savepoints, on the heap and in files: looks who needs them, has state handles of users'
/// own making discarded, and only then removes state and entry. Where it refuses, nothing has
/// changed. In files it goes from step to step, each of which can be repeated: the tombstone (from
/// then on nobody can restore it), the handles and a note that they are gone, the data, the entry.
/// What a crash cut short is gone on with by a repeated disposal or by the next job manager.
/// Threads: the strand; callbacks come on it, exactly once.
class SavepointDisposal {
 public:
  struct Settings {
    std::uint64_t metadata_limit = 256 << 20;  ///< Of the metadata file of a snapshot that is read.
    std::string holder = {};                   ///< This process in marks; see mark_holder.h.
    /// Whether the process that holds a mark is known to be gone.
    std::function<bool(const std::string&)> is_gone = {};
  };

  /// The references outlive this.
  SavepointDisposal(const CheckpointServices& services,
                    PathWork& work,
                    HeapSavepoints& heap,
                    SavepointUsers& users,
                    SavepointOwners& owners,
                    Settings settings);

  /// Has state handles of users' own making discarded first, by the request's program, the one
  /// of the job that took it, or the one stored; without any, or when that does not work, it is
  /// refused and nothing is deleted.
  void dispose(runtime::DisposeRequest request, Callback<runtime::DisposeReply> done);
  /// Whether a savepoint, by its path on the heap or its directory, is being disposed right now.
  bool isUnderWay(const std::string& path) const { return under_way_.contains(path); }
  /// The job manager ends: discards the heap savepoints with their data.
  void discardHeap();

 private:
  using SharedProgram = std::shared_ptr<const runtime::JobProgram>;  // With jobs and savepoints.
  struct Disposal;                                                   // One on its way.
  using SharedDisposal = std::shared_ptr<Disposal>;  // With what answers to its steps.

  void disposeHeap(const SharedDisposal& disposal);
  void disposeFiles(const SharedDisposal& disposal);
  bool claim(const SharedDisposal& disposal);
  void discardHandles(const SharedDisposal& disposal, std::function<void()> next);
  void removeFromHeap(const SharedDisposal& disposal);
  void closeFiles(const SharedDisposal& disposal);
  void reopen(const SharedDisposal& disposal, Error why);
  void noteHandles(const SharedDisposal& disposal);
  void removeFiles(const SharedDisposal& disposal);
  void removeData(runtime::CheckpointMetadata metadata,
                  bool job_runs,
                  runtime::DisposeReply reply,
                  Callback<runtime::DisposeReply> done);

  CheckpointServices services_;
  PathWork& work_;  // Borrowed from the store, like the next two.
  HeapSavepoints& heap_;
  SavepointUsers& users_;
  SavepointOwners& owners_;  // Borrowed: the dispatcher.
  SavepointHandles handles_;
  const SavepointUse use_;
  const Settings settings_;
  std::set<std::string> under_way_;  // Paths.
  std::set<std::string> discarded_;  // Whose handles are, but no note of it could be written yet.
};

}  // namespace weir::jobmanager
