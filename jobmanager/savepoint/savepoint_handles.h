#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/runtime/deployment.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/handle_discarder.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/savepoint/path_work.h"

namespace weir::jobmanager {

/// Has the state handles of users' own making in a savepoint discarded, by a program that is given
/// or by the one stored with the savepoint. Threads: the strand; callbacks come on it, exactly
/// once.
class SavepointHandles {
 public:
  using SharedProgram = std::shared_ptr<const runtime::JobProgram>;  // With jobs and savepoints.

  /// The references outlive this.
  SavepointHandles(const CheckpointServices& services, PathWork& work)
      : services_(services), work_(work) {}

  /// `path` is on the heap or a directory; without a `program` the one stored there is read.
  /// Answers what discardState() threw, a sentence each; an error, after which nothing may be
  /// deleted, when there is no program or it could not be run.
  void discard(const std::string& path,
               std::vector<OwnedHandle> handles,
               SharedProgram program,
               Callback<std::vector<std::string>> done);

 private:
  void discardBy(const std::string& path,
                 SharedProgram program,
                 std::vector<OwnedHandle> handles,
                 Callback<std::vector<std::string>> done);

  CheckpointServices services_;
  PathWork& work_;  // Borrowed from the store.
};

}  // namespace weir::jobmanager
