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

constexpr int kNameAttempts = 10;

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

void SavepointStore::keep(const std::string& directory,
                          const runtime::CheckpointMetadata& metadata,
                          SharedProgram program,
                          Callback<KeptSavepoint> done) {
  if (ownedHandles(metadata).empty()) {
    program.reset();
  }
  if (!directory.empty()) {
    keepInFiles(directory, metadata, std::move(program), std::move(done));
  } else if (settings_.on_files) {
    keepInFiles(settings_.directory, metadata, std::move(program), std::move(done));
  } else {
    keepOnHeap(metadata, std::move(program), std::move(done));
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

void SavepointStore::keepInFiles(const std::string& directory,
                                 const runtime::CheckpointMetadata& metadata,
                                 SharedProgram program,
                                 Callback<KeptSavepoint> done) {
  std::vector<std::string> names;
  for (int i = 0; i < kNameAttempts; ++i) {
    names.push_back(snapshot::savepointName(random_.hex(12)));
  }
  auto write = [services = services_,
                directory,
                names,
                metadata,
                program = std::move(program),
                limit = settings_.inline_limit,
                most = settings_.metadata_limit,
                holder = settings_.holder] {
    Result<std::string> path = Error(ErrorCode::kInternal, "no name was tried");
    for (const std::string& name : names) {
      path = writeSavepoint(services.files,
                            services.blobs.store(),
                            directory,
                            name,
                            limit,
                            most,
                            metadata,
                            program.get(),
                            holder);
      if (path || path.error().code() != ErrorCode::kFailedPrecondition) {
        break;
      }
    }
    return path;
  };
  work_.run(
      fs::join(directory, names.front()),
      std::move(write),
      [this, done = std::move(done), data = metadata.data_directory](Result<std::string> path) {
        if (!path) {
          done(std::move(path).error().during("write the savepoint"));
          return;
        }
        if (const auto at = fs::Location::parse(*path)) {
          directories_.insert(at->parent().uri());
        }
        KeptSavepoint kept;
        kept.shares_data = !data.empty();
        kept.result.points_to = data.empty() ? *path : data;
        kept.result.path = *std::move(path);
        done(std::move(kept));
      },
      [this](const Result<std::string>& late) { removeLate(late); });
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
