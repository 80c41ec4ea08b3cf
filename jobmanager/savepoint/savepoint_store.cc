#include "jobmanager/savepoint/savepoint_store.h"

#include <utility>

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
      owners_(owners),
      heap_room_(settings_.heap_limit),
      work_(services.strand, services.io, services.file_bounds) {
  if (auto local = fs::localPath(settings_.directory); settings_.on_files && local) {
    directories_.insert(*std::move(local));
  }
}

FileWork& SavepointStore::queueOf(const std::string& path) {
  std::erase_if(queues_, [](const auto& one) { return one.second->empty() && one.second->idle(); });
  const auto local = fs::localPath(path);
  std::unique_ptr<FileWork>& queue = queues_[local ? *local : path];
  if (queue == nullptr) {
    queue = std::make_unique<FileWork>(services_.strand, services_.io, services_.file_bounds, path);
  }
  return *queue;
}

// ---------------------------------------------------------------------------------------- keep

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
  HeapShare share = heapShareOf(metadata, program.get());
  if (Status taken = heap_room_.take(share); !taken) {
    done(std::move(taken).error());
    return;
  }
  OnHeap entry{metadata, std::move(share), std::move(program), JobId::random(random_)};
  if (entry.program != nullptr) {
    const auto keys = blob::keysOf(entry.program->program);
    if (Status kept = services_.blobs.store().retain(entry.keeper, keys); !kept) {
      heap_room_.giveBack(entry.share);
      done(std::move(kept).error().during("keep the program that discards its state handles"));
      return;
    }
  }
  const std::string path = std::string(snapshot::kHeapSavepoints) + std::to_string(++heap_number_);
  heap_.emplace(path, std::move(entry));
  KeptSavepoint kept;
  kept.result.path = path;
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
  run(
      fs::join(directory, names.front()),
      std::move(write),
      [this, done = std::move(done), data = metadata.data_directory](Result<std::string> path) {
        if (!path) {
          done(std::move(path).error().during("write the savepoint"));
          return;
        }
        if (auto local = fs::localPath(*path)) {
          directories_.insert(fs::parentOf(*local));
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
  run(
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
  const auto directory = snapshot::savepointDirectory(path);
  if (disposing_.contains(snapshot::isHeapSavepoint(path) || !directory ? path : *directory)) {
    done(beingDisposed(path));
    return;
  }
  if (snapshot::isHeapSavepoint(path)) {
    auto found = heap_.find(path);
    if (found == heap_.end()) {
      done(unknownHeapSavepoint(path));
      return;
    }
    const runtime::CheckpointMetadata& metadata = found->second.metadata;
    run(
        path,
        [&files = services_.files, metadata] { return snapshot::damagedFiles(files, metadata); },
        [this, path, metadata, done](const Result<std::vector<std::string>>& damaged) {
          if (!heap_.contains(path) || disposing_.contains(path)) {  // Since then.
            done(beingDisposed(path));
          } else if (damaged && damaged->empty()) {
            done(Opened{path, metadata});
          } else {
            done((damaged ? Error(ErrorCode::kCorruption, damaged->front()) : damaged.error())
                     .during("savepoint " + path));
          }
        });
    return;
  }
  auto read = [&files = services_.files, path, most = settings_.metadata_limit] {
    return snapshot::openWhole(files, path, most);
  };
  run(path, std::move(read), [this, done = std::move(done)](Result<Opened> opened) {
    if (opened && disposing_.contains(opened->path)) {  // Began while it was read.
      done(beingDisposed(opened->path));
    } else {
      done(std::move(opened));
    }
  });
}

void SavepointStore::forgetUser(const std::string& path, JobId job) {
  if (auto found = in_use_.find(path); found != in_use_.end()) {
    found->second.erase(job);
    if (found->second.empty()) {
      in_use_.erase(found);
    }
  }
}

void SavepointStore::list(Callback<std::vector<runtime::SavepointInfo>> done) {
  std::vector<runtime::SavepointInfo> infos;
  for (const auto& [path, entry] : heap_) {
    infos.push_back(snapshot::describeSavepoint(path, entry.metadata));
  }
  auto read =
      [&files = services_.files,
       infos,
       directories = directories_,
       most = settings_.metadata_limit]() mutable -> Result<std::vector<runtime::SavepointInfo>> {
    for (const std::string& directory : directories) {
      for (runtime::SavepointInfo& info : snapshot::listSavepoints(files, directory, most)) {
        infos.push_back(std::move(info));
      }
    }
    return infos;
  };
  run("the directories of savepoints", std::move(read), std::move(done));
}

// --------------------------------------------------------------------------------------- in use

void SavepointStore::markInUse(const std::string& path, JobId job, std::function<void()> done) {
  in_use_[path].insert(job);  // At once: a disposal may be looking at it already.
  if (snapshot::isHeapSavepoint(path)) {
    done();
    return;
  }
  run(
      path,
      [&files = services_.files,
       path,
       job,
       holder = settings_.holder,
       most = settings_.metadata_limit] { return writeInUse(files, path, job, holder, most); },
      [path, done = std::move(done)](const Status& written) {
        if (!written) {
          log::warn("a savepoint that a job is restored from could not be marked as in use",
                    {{"path", path}, {"reason", written.error().message()}});
        }
        done();
      });
}

void SavepointStore::releaseInUse(const std::string& path, JobId job, std::function<void()> done) {
  if (snapshot::isHeapSavepoint(path)) {
    forgetUser(path, job);
    done();
    return;
  }
  run(
      path,
      [&files = services_.files, path, job, most = settings_.metadata_limit] {
        return removeInUse(files, path, job, most);
      },
      [this, path, job, done = std::move(done)](const Status& removed) {
        forgetUser(path, job);
        if (!removed) {
          log::warn("the mark that a savepoint is in use could not be removed",
                    {{"path", path}, {"reason", removed.error().message()}});
        }
        done();
      });
}

}  // namespace weir::jobmanager
