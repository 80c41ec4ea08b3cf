#include "jobmanager/scheduler/job_options.h"

#include <memory>

namespace weir::jobmanager {

CheckpointCoordinator::Setup checkpointSetup(const JobOptions& options,
                                             const runtime::SubmitRequest& request) {
  return {.origin = {.job = request.job,
                     .program_hash = request.program.executable.blob.sha256,
                     .writer = options.version},
          .program = hasCustomHandles(request.graph)
                         ? std::make_shared<const runtime::JobProgram>(
                               runtime::JobProgram{request.program, request.graph})
                         : nullptr,
          .storage = options.storage,
          .retained = options.retained_checkpoints,
          .history = options.checkpoint_history,
          .most_removals = options.most_removals,
          .metadata_limit = options.metadata_limit,
          .holder = options.holder};
}

}  // namespace weir::jobmanager
