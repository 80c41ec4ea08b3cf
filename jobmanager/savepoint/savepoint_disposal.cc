#include "jobmanager/savepoint/savepoint_disposal.h"

#include <optional>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/telemetry/log.h"
#include "jobmanager/savepoint/savepoint_removal.h"

namespace weir::jobmanager {
namespace {

constexpr std::string_view kCutShort =
    "the savepoint is gone, but not all that belonged to it (repeat the disposal)";

}  // namespace

struct SavepointDisposal::Disposal {
  runtime::DisposeRequest request;
  Callback<runtime::DisposeReply> done;
  std::string path;  ///< On the heap, or the URI of the directory.
  std::optional<runtime::CheckpointMetadata> metadata;
  Removal removal;              ///< Of one in files.
  SharedProgram program;        ///< Kept with it, on the heap.
  runtime::DisposeReply reply;  ///< Names what could not be read.
};

SavepointDisposal::SavepointDisposal(const CheckpointServices& services,
                                     PathWork& work,
                                     HeapSavepoints& heap,
                                     SavepointUsers& users,
                                     SavepointOwners& owners,
                                     Settings settings)
    : services_(services),
      work_(work),
      heap_(heap),
      users_(users),
      owners_(owners),
      handles_(services, work),
      use_(owners, settings.is_gone),
      settings_(std::move(settings)) {}

void SavepointDisposal::dispose(runtime::DisposeRequest request,
                                Callback<runtime::DisposeReply> done) {
  auto disposal = std::make_shared<Disposal>();
  disposal->path = request.path;
  disposal->request = std::move(request);
  disposal->done = std::move(done);
  if (snapshot::isHeapSavepoint(disposal->path)) {
    disposeHeap(disposal);
  } else {
    disposeFiles(disposal);
  }
}

/// False, after an answer, when it is being disposed already.
bool SavepointDisposal::claim(const SharedDisposal& disposal) {
  const std::string path = disposal->path;
  if (!under_way_.insert(path).second) {
    disposal->done(Error(ErrorCode::kFailedPrecondition,
                         "savepoint '" + path + "' is being disposed already"));
    return false;
  }
  disposal->done =
      [this, path, done = std::move(disposal->done)](Result<runtime::DisposeReply> reply) {
        under_way_.erase(path);
        done(std::move(reply));
      };
  return true;
}

// ---------------------------------------------------------------------------------- user's handles

void SavepointDisposal::discardHandles(const SharedDisposal& disposal, std::function<void()> next) {
  std::vector<OwnedHandle> handles;
  if (const auto& metadata = disposal->metadata;
      metadata && !metadata->exported && !disposal->removal.handles_discarded &&
      !discarded_.contains(disposal->path) && disposal->removal.copy_of.empty() &&
      !owners_.ownsCheckpoint(metadata->job, metadata->checkpoint)) {
    handles = ownedHandles(*metadata);
  }
  if (handles.empty()) {
    next();  // None, or they go with the job's checkpoint or with the original of a copy.
    return;
  }
  SharedProgram program = disposal->program;
  if (disposal->request.program) {
    program = std::make_shared<const runtime::JobProgram>(*std::move(disposal->request.program));
  } else if (program == nullptr) {
    program = owners_.programOf(disposal->metadata->job);
  }
  handles_.discard(disposal->path,
                   std::move(handles),
                   std::move(program),
                   [this, disposal, next = std::move(next)](Result<std::vector<std::string>> told) {
                     if (!told) {
                       reopen(disposal, std::move(told).error());
                       return;
                     }
                     if (!snapshot::isHeapSavepoint(disposal->path)) {
                       discarded_.insert(disposal->path);
                     }
                     for (std::string& error : *told) {
                       disposal->reply.unreadable.push_back(std::move(error));
                     }
                     next();
                   });
}

// ------------------------------------------------------------------------------------------- heap

void SavepointDisposal::disposeHeap(const SharedDisposal& disposal) {
  const std::string& path = disposal->path;
  const HeapSavepoint* found = heap_.find(path);
  if (found == nullptr) {
    disposal->done(unknownHeapSavepoint(path));
    return;
  }
  if (Status may = SavepointUse::mayDispose(path, users_.of(path), disposal->request.force); !may) {
    disposal->done(std::move(may).error());
    return;
  }
  if (!claim(disposal)) {
    return;
  }
  disposal->metadata = found->metadata;
  disposal->program = found->program;
  discardHandles(disposal, [this, disposal] { removeFromHeap(disposal); });
}

void SavepointDisposal::removeFromHeap(const SharedDisposal& disposal) {
  const auto taken = heap_.take(disposal->path);
  if (!taken) {  // The job manager ends, and discards them all.
    disposal->done(unknownHeapSavepoint(disposal->path));
    return;
  }
  heap_.forget(*taken);
  users_.forget(disposal->path);
  runtime::CheckpointMetadata& metadata = *disposal->metadata;
  if (owners_.releaseSavepoint(metadata.job, metadata.checkpoint)) {
    disposal->reply.data_later = true;
    disposal->done(std::move(disposal->reply));
    return;
  }
  services_.blobs.release(metadata);
  const bool runs = owners_.isRunning(metadata.job);
  removeData(std::move(metadata), runs, std::move(disposal->reply), std::move(disposal->done));
}

void SavepointDisposal::removeData(runtime::CheckpointMetadata metadata,
                                   bool job_runs,
                                   runtime::DisposeReply reply,
                                   Callback<runtime::DisposeReply> done) {
  const std::string place = metadata.data_directory;
  work_.run(
      place,
      [&files = services_.files, metadata = std::move(metadata), job_runs] {
        return removeHeapState(files, metadata, !job_runs);
      },
      [reply, done = std::move(done)](Result<std::vector<std::string>> told) mutable {
        if (!told) {
          done(std::move(told).error().during("the savepoint is gone, but not all of its state"));
          return;
        }
        reply.unreadable.insert(reply.unreadable.end(), told->begin(), told->end());
        done(std::move(reply));
      });
}

void SavepointDisposal::discardHeap() {
  for (auto& [path, kept] : heap_.takeAll()) {
    const runtime::CheckpointMetadata& metadata = kept.metadata;
    if (owners_.releaseSavepoint(metadata.job, metadata.checkpoint)) {
      heap_.forget(kept);
      continue;  // It is the latest checkpoint of a job, which can be restored from its path.
    }
    work_.hold();
    services_.discarder.discard(
        {.owner = "savepoint " + path, .program = kept.program, .handles = ownedHandles(metadata)},
        [this, kept](const Result<std::vector<std::string>>& discarded) {
          heap_.forget(kept);  // Not before: the program's files are needed until now.
          if (discarded) {
            services_.blobs.release(kept.metadata);
            removeData(kept.metadata, false, {}, [](const Result<runtime::DisposeReply>&) {});
          } else {
            log::error("state handles were not discarded, and their savepoint is lost",
                       {{"reason", discarded.error().text()}});
          }
          work_.release();
        });
  }
}

// ------------------------------------------------------------------------------------------ files

void SavepointDisposal::disposeFiles(const SharedDisposal& disposal) {
  auto inspect = [&files = services_.files,
                  path = disposal->path,
                  most = settings_.metadata_limit]() -> Result<Removal> {
    WEIR_TRY(const std::string directory, snapshot::savepointDirectory(path));
    return planRemoval(files, directory, path, most);
  };
  work_.run(disposal->path, std::move(inspect), [this, disposal](Result<Removal> found) {
    if (!found) {
      disposal->done(std::move(found).error());
      return;
    }
    disposal->path = found->directory;
    disposal->metadata = found->metadata;
    disposal->reply.unreadable = found->damaged;
    disposal->removal = *std::move(found);
    for (const JobId job : users_.of(disposal->path)) {  // Whose marks may be on their way.
      disposal->removal.users.push_back({job, settings_.holder});
    }
    if (Status may = use_.mayDispose(disposal->removal, disposal->request.force); !may) {
      disposal->done(std::move(may).error());
    } else if (claim(disposal)) {
      closeFiles(disposal);
    }
  });
}

/// Until its entry is closed it is whole, and its job keeps its state.
void SavepointDisposal::closeFiles(const SharedDisposal& disposal) {
  auto close = [&files = services_.files, disposal, most = settings_.metadata_limit] {
    return closeEntry(files, disposal->removal, most);
  };
  work_.run(disposal->path, std::move(close), [this, disposal](Status closed) {
    if (closed) {
      discardHandles(disposal, [this, disposal] { noteHandles(disposal); });
    } else {
      disposal->done(std::move(closed).error());
    }
  });
}

/// Nothing was deleted: it is whole again.
void SavepointDisposal::reopen(const SharedDisposal& disposal, Error why) {
  if (snapshot::isHeapSavepoint(disposal->path)) {
    disposal->done(std::move(why));
    return;
  }
  auto open = [&files = services_.files, disposal, most = settings_.metadata_limit] {
    return reopenEntry(files, disposal->removal, most);
  };
  work_.run(disposal->path, std::move(open), [disposal, why = std::move(why)](Status opened) {
    disposal->done(opened ? why : std::move(opened).error().during(why.message()));
  });
}

/// A disposal that is repeated after this one was cut short discards no handle twice.
void SavepointDisposal::noteHandles(const SharedDisposal& disposal) {
  if (!discarded_.contains(disposal->path)) {
    removeFiles(disposal);
    return;
  }
  auto note = [&files = services_.files, disposal] {
    return snapshot::noteHandlesDiscarded(files, disposal->path);
  };
  work_.run(disposal->path, std::move(note), [this, disposal](Status noted) {
    if (noted) {
      discarded_.erase(disposal->path);
      crashPoint("disposal.noted");
      removeFiles(disposal);
    } else {
      disposal->done(std::move(noted).error().during(kCutShort));
    }
  });
}

void SavepointDisposal::removeFiles(const SharedDisposal& disposal) {
  const runtime::CheckpointMetadata& metadata = *disposal->metadata;
  const std::string& original = disposal->removal.copy_of;
  // Its job knows nothing of an export, and would give up the original for it.
  const bool needed =
      !original.empty() ||
      (!metadata.exported && owners_.releaseSavepoint(metadata.job, metadata.checkpoint));
  disposal->reply.data_later = original.empty() && needed && disposal->removal.points_elsewhere;
  if (!original.empty()) {
    disposal->reply.unreadable.push_back("its state stays: it is that of savepoint " + original +
                                         ", of which this was a copy");
  }
  std::vector<snapshot::InUse> gone = disposal->removal.owners;
  std::erase_if(gone, [this](const snapshot::InUse& owner) { return !use_.isGone(owner); });
  auto remove = [&files = services_.files,
                 gone = std::move(gone),
                 reply = std::move(disposal->reply),
                 removal = std::move(disposal->removal),
                 job_runs =
                     owners_.isRunning(metadata.job)]() mutable -> Result<runtime::DisposeReply> {
    std::vector<std::string>& told = reply.unreadable;
    if (!reply.data_later && removal.copy_of.empty()) {
      WEIR_TRY(const auto staying,
               removeState(files, removal.metadata, !job_runs, gone).during(kCutShort));
      told.insert(told.end(), staying.begin(), staying.end());
    }
    WEIR_TRY(const auto staying, removeEntry(files, removal).during(kCutShort));
    told.insert(told.end(), staying.begin(), staying.end());
    return reply;
  };
  work_.run(disposal->path, std::move(remove), std::move(disposal->done));
}

}  // namespace weir::jobmanager
