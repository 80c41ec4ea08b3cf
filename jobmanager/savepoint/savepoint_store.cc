#include "jobmanager/savepoint/savepoint_store.h"

#include <utility>

#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/savepoints.h"
#include "common/snapshot/state_files.h"
#include "common/telemetry/log.h"
#include "jobmanager/savepoint/savepoint_files.h"
#include "jobmanager/savepoint/savepoint_removal.h"

namespace weir::jobmanager {
namespace {

Error beingDisposed(const std::string& path) {
  return Error(ErrorCode::kFailedPrecondition,
               "savepoint '" + path + "' is being disposed right now")
      .advise("restore another one");
}

}  // namespace

SavepointStore::SavepointStore(const CheckpointServices& services,
                               Random& random,
                               Settings settings,
                               SavepointOwners& owners)
    : services_(services),
      random_(random),
      settings_(std::move(settings)),
      work_(services.strand, services.io, services.file_bounds),
      heap_(services.blobs.store(), random, settings_.heap_limit),
      users_(services.files, work_, settings_.holder),
      disposal_(services,
                work_,
                heap_,
                users_,
                owners,
                {settings_.metadata_limit, settings_.holder, settings_.is_gone}) {
  if (const auto at = fs::Location::parse(settings_.directory); settings_.on_files && at) {
    directories_.insert(at->uri());
  }
}

void SavepointStore::resumeDisposals() {
  for (const std::string& directory : directories_) {
    work_.run(
        directory,
        [&files = services_.files, directory] { return cutShortIn(files, directory); },
        [this, directory](const Result<std::vector<std::string>>& paths) {
          if (!paths) {
            log::warn("it is not known which disposals were cut short",
                      {{"path", directory}, {"reason", paths.error().message()}});
            return;
          }
          for (const std::string& path : *paths) {
            if (disposal_.isUnderWay(path)) {
              continue;
            }
            log::info("a disposal that was cut short goes on", {{"path", path}});
            runtime::DisposeRequest request;
            request.path = path;
            dispose(std::move(request), [path](const Result<runtime::DisposeReply>& reply) {
              if (!reply) {
                log::warn("a disposal that was cut short does not go on",
                          {{"path", path},
                           {"reason", reply.error().text()},
                           {"advice", "repeat it with `weir savepoint -d PATH`"}});
              }
            });
          }
        });
  }
}

// ---------------------------------------------------------------------------------------- keep

Status SavepointStore::mayKeepIn(const std::string& directory) const {
  if (directory.empty()) {
    return ok();  // The configured place.
  }
  const Result<fs::Location> at = services_.files.locate(directory);
  return at ? ok() : Status(at.error());
}

std::string SavepointStore::placeIn(const std::string& directory) {
  if (directory.empty() && !settings_.on_files) {
    return {};
  }
  const std::string& parent = directory.empty() ? settings_.directory : directory;
  const std::string name = snapshot::savepointName(random_.hex(12));
  const auto at = fs::Location::parse(parent);
  return at ? at->child(name).uri() : fs::join(parent, name);
}

void SavepointStore::keep(const std::string& place,
                          const runtime::CheckpointMetadata& metadata,
                          SharedProgram program,
                          Callback<KeptSavepoint> done) {
  if (ownedHandles(metadata).empty()) {
    program.reset();
  }
  if (place.empty()) {
    keepOnHeap(metadata, std::move(program), std::move(done));
  } else {
    keepInFiles(place, metadata, std::move(program), std::move(done));
  }
}

void SavepointStore::keepOnHeap(const runtime::CheckpointMetadata& metadata,
                                SharedProgram program,
                                Callback<KeptSavepoint> done) {
  auto path = heap_.keep(metadata, std::move(program));
  if (!path) {
    done(std::move(path).error());
    return;
  }
  KeptSavepoint kept;
  kept.result.path = *std::move(path);
  kept.result.points_to =
      metadata.data_directory.empty() ? "the memory of the job manager" : metadata.data_directory;
  done(std::move(kept));
}

void SavepointStore::keepInFiles(const std::string& path,
                                 const runtime::CheckpointMetadata& metadata,
                                 SharedProgram program,
                                 Callback<KeptSavepoint> done) {
  auto write = [services = services_,
                path,
                metadata,
                program = std::move(program),
                limit = settings_.inline_limit,
                most = settings_.metadata_limit,
                holder = settings_.holder] {
    return writeSavepoint(services.files,
                          services.blobs.store(),
                          fs::parentOf(path),
                          fs::nameOf(path),
                          limit,
                          most,
                          metadata,
                          program.get(),
                          holder);
  };
  work_.run(
      path,
      std::move(write),
      [this, done = std::move(done), data = metadata.data_directory](Result<std::string> written) {
        if (!written) {
          done(std::move(written).error().during("write the savepoint"));
          return;
        }
        know(*written);
        KeptSavepoint kept;
        kept.shares_data = !data.empty();
        kept.result.points_to = data.empty() ? *written : data;
        kept.result.path = *std::move(written);
        done(std::move(kept));
      },
      [this](const Result<std::string>& late) { removeLate(late); });
}

/// list() shows what is beside it.
void SavepointStore::know(const std::string& savepoint) {
  if (const auto at = fs::Location::parse(savepoint)) {
    directories_.insert(at->parent().uri());
  }
}

void SavepointStore::settle(const std::string& place,
                            JobId job,
                            CheckpointId checkpoint,
                            Callback<std::optional<Opened>> done) {
  work_.run(
      place,
      [&files = services_.files, place, job, checkpoint, most = settings_.metadata_limit] {
        return settleSavepoint(files, place, job, checkpoint, most);
      },
      [this, done = std::move(done)](Result<std::optional<Opened>> found) {
        if (found && *found) {
          know((*found)->path);
        }
        done(std::move(found));
      });
}

/// Nobody knows of it: whoever asked was told that the file system hangs.
void SavepointStore::removeLate(const Result<std::string>& written) {
  if (!written) {
    return;
  }
  work_.run(
      *written,
      [&files = services_.files, path = *written] { return removeUnfinished(files, path); },
      [path = *written](const Status& removed) {
        if (!removed) {
          log::warn("a savepoint that was given up is left",
                    {{"path", path}, {"reason", removed.error().message()}});
        }
      });
}

// ---------------------------------------------------------------------------------- open, list

void SavepointStore::open(const std::string& path, Callback<Opened> done) {
  if (snapshot::isHeapSavepoint(path)) {
    openOnHeap(path, std::move(done));
    return;
  }
  const auto directory = snapshot::savepointDirectory(path);
  if (disposal_.isUnderWay(directory ? *directory : path)) {
    done(beingDisposed(path));
    return;
  }
  auto read = [&files = services_.files, path, most = settings_.metadata_limit] {
    return snapshot::openWhole(files, path, most);
  };
  work_.run(path, std::move(read), [this, done = std::move(done)](Result<Opened> opened) {
    if (opened && disposal_.isUnderWay(opened->path)) {  // Began while it was read.
      done(beingDisposed(opened->path));
    } else {
      done(std::move(opened));
    }
  });
}

void SavepointStore::openOnHeap(const std::string& path, Callback<Opened> done) {
  const HeapSavepoint* found = heap_.find(path);
  if (found == nullptr || disposal_.isUnderWay(path)) {
    done(found == nullptr ? unknownHeapSavepoint(path) : beingDisposed(path));
    return;
  }
  const runtime::CheckpointMetadata& metadata = found->metadata;
  work_.run(
      path,
      [&files = services_.files, metadata] { return snapshot::damagedFiles(files, metadata); },
      [this, path, metadata, done = std::move(done)](
          const Result<std::vector<std::string>>& damaged) {
        if (heap_.find(path) == nullptr || disposal_.isUnderWay(path)) {  // Since then.
          done(beingDisposed(path));
        } else if (damaged && damaged->empty()) {
          done(Opened{path, metadata});
        } else {
          done((damaged ? Error(ErrorCode::kCorruption, damaged->front()) : damaged.error())
                   .during("savepoint " + path));
        }
      });
}

void SavepointStore::list(Callback<std::vector<runtime::SavepointInfo>> done) {
  std::vector<runtime::SavepointInfo> on_heap = heap_.list();
  for (runtime::SavepointInfo& info : on_heap) {
    const std::set<JobId> users = users_.of(info.path);
    info.users.assign(users.begin(), users.end());
  }
  auto read =
      [&files = services_.files,
       infos = std::move(on_heap),
       directories = directories_,
       most = settings_.metadata_limit]() mutable -> Result<std::vector<runtime::SavepointInfo>> {
    for (const std::string& directory : directories) {
      for (runtime::SavepointInfo& info : snapshot::listSavepoints(files, directory, most)) {
        infos.push_back(std::move(info));
      }
    }
    return infos;
  };
  work_.run("the directories of savepoints", std::move(read), std::move(done));
}

}  // namespace weir::jobmanager
