#include "jobmanager/savepoint/savepoint_store.h"

#include <utility>

#include "common/fs/uri.h"
#include "common/telemetry/log.h"
#include "jobmanager/checkpoint/snapshot_files.h"
#include "jobmanager/savepoint/savepoint_files.h"

namespace weir::jobmanager {
namespace {

constexpr std::string_view kHeapPrefix = "jobmanager://savepoints/";
constexpr int kNameAttempts = 10;

bool isHeapPath(std::string_view path) { return path.starts_with("jobmanager:"); }

Error unknownHeapPath(const std::string& path) {
  return Error(ErrorCode::kNotFound, "there is no savepoint at '" + path + "'")
      .advise(
          "savepoints on the job manager are lost when it ends; `weir savepoint list` shows "
          "what there is");
}

/// The directory that a user means by a path: also when it ends with a slash or names metadata.
Result<std::string> directoryOf(const std::string& path) {
  WEIR_TRY(auto local, fs::localPath(path));
  return fs::toFileUri(fs::nameOf(local) == "metadata" ? fs::parentOf(local) : local);
}

Error inUse(const std::string& path, JobId job) {
  return Error(ErrorCode::kFailedPrecondition,
               "savepoint '" + path + "' is in use: job " + job.hex() +
                   " was restored from it and has no checkpoint of its own yet")
      .advise("wait for its first checkpoint, or use --force");
}

}  // namespace

struct SavepointStore::Inspection {
  std::string directory;
  std::vector<JobId> users;
  std::optional<runtime::CheckpointMetadata> metadata;
  runtime::DisposeReply reply;  // Names what could not be read.
};

SavepointStore::SavepointStore(const CheckpointServices& services,
                               Random& random,
                               Settings settings,
                               SavepointOwners& owners)
    : services_(services),
      random_(random),
      settings_(std::move(settings)),
      owners_(owners),
      work_(services.strand, services.io) {
  if (auto local = fs::localPath(settings_.directory); settings_.on_files && local) {
    directories_.insert(*std::move(local));
  }
}

// ---------------------------------------------------------------------------------------- keep

void SavepointStore::keep(const std::string& directory,
                          const runtime::CheckpointMetadata& metadata,
                          Callback<KeptSavepoint> done) {
  if (!directory.empty()) {
    keepInFiles(directory, metadata, std::move(done));
  } else if (settings_.on_files) {
    keepInFiles(settings_.directory, metadata, std::move(done));
  } else {
    keepOnHeap(metadata, std::move(done));
  }
}

void SavepointStore::keepOnHeap(const runtime::CheckpointMetadata& metadata,
                                Callback<KeptSavepoint> done) {
  const std::uint64_t bytes = bytesOnJobManager(metadata);
  if (heap_bytes_ + bytes > settings_.heap_limit) {
    done(Error(ErrorCode::kResourceExhausted,
               "the savepoints on the job manager would hold " +
                   std::to_string(heap_bytes_ + bytes) +
                   " bytes, more than savepoints.jobmanager.max-size (" +
                   std::to_string(settings_.heap_limit) + ")")
             .advise("dispose some, raise the limit, or name a directory"));
    return;
  }
  const std::string path = std::string(kHeapPrefix) + std::to_string(++heap_number_);
  heap_bytes_ += bytes;
  heap_.emplace(path, metadata);
  KeptSavepoint kept;
  kept.result.path = path;
  kept.result.points_to =
      metadata.data_directory.empty() ? "the memory of the job manager" : metadata.data_directory;
  done(std::move(kept));
}

void SavepointStore::keepInFiles(const std::string& directory,
                                 const runtime::CheckpointMetadata& metadata,
                                 Callback<KeptSavepoint> done) {
  std::vector<std::string> names;
  for (int i = 0; i < kNameAttempts; ++i) {
    names.push_back("savepoint-" + random_.hex(12));
  }
  auto write = [services = services_, directory, names, metadata, limit = settings_.inline_limit] {
    Result<std::string> path = Error(ErrorCode::kInternal, "no name was tried");
    for (const std::string& name : names) {
      path =
          writeSavepoint(services.files, services.blobs.store(), directory, name, limit, metadata);
      if (path || path.error().code() != ErrorCode::kFailedPrecondition) {
        break;
      }
    }
    return path;
  };
  work_.run(
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
      });
}

// ---------------------------------------------------------------------------------- open, list

void SavepointStore::open(const std::string& path, Callback<Opened> done) {
  if (isHeapPath(path)) {
    auto found = heap_.find(path);
    if (found == heap_.end()) {
      done(unknownHeapPath(path));
      return;
    }
    work_.run([&files = services_.files,
               metadata = found->second] { return damagedFiles(files, metadata); },
              [path, metadata = found->second, done](const std::vector<std::string>& damaged) {
                if (damaged.empty()) {
                  done(Opened{path, metadata});
                } else {
                  done(Error(ErrorCode::kCorruption, damaged.front()).during("savepoint " + path));
                }
              });
    return;
  }
  auto read = [&files = services_.files, path]() -> Result<Opened> {
    WEIR_TRY(auto directory, directoryOf(path));
    WEIR_TRY(auto metadata, readMetadata(files, directory, path));
    std::vector<std::string> damaged = damagedFiles(files, metadata);
    if (!damaged.empty()) {
      std::string list;
      for (const std::string& one : damaged) {
        list += "\n  " + one;
      }
      return Error(ErrorCode::kCorruption,
                   "savepoint '" + path + "' is not whole: " + std::to_string(damaged.size()) +
                       " of its files are missing or too short; restore another one" + list);
    }
    return Opened{std::move(directory), std::move(metadata)};
  };
  work_.run(std::move(read), std::move(done));
}

void SavepointStore::list(Callback<std::vector<runtime::SavepointInfo>> done) {
  std::vector<runtime::SavepointInfo> infos;
  for (const auto& [path, metadata] : heap_) {
    infos.push_back(describeSavepoint(path, metadata));
  }
  auto read = [&files = services_.files, infos, directories = directories_]() mutable {
    for (const std::string& directory : directories) {
      for (runtime::SavepointInfo& info : listSavepoints(files, directory)) {
        infos.push_back(std::move(info));
      }
    }
    return infos;
  };
  work_.run(std::move(read), [done = std::move(done)](std::vector<runtime::SavepointInfo> found) {
    done(std::move(found));
  });
}

// --------------------------------------------------------------------------------------- in use

void SavepointStore::markInUse(const std::string& path, JobId job, std::function<void()> done) {
  if (isHeapPath(path)) {
    heap_in_use_[path].insert(job);
    done();
    return;
  }
  work_.run([&files = services_.files, path, job] { return writeInUse(files, path, job); },
            [path, done = std::move(done)](const Status& written) {
              if (!written) {
                log::warn("a savepoint that a job is restored from could not be marked as in use",
                          {{"path", path}, {"reason", written.error().message()}});
              }
              done();
            });
}

void SavepointStore::releaseInUse(const std::string& path, JobId job) {
  if (isHeapPath(path)) {
    heap_in_use_[path].erase(job);
    return;
  }
  work_.run([&files = services_.files, path, job] { return removeInUse(files, path, job); },
            [path](const Status& removed) {
              if (!removed) {
                log::warn("the mark that a savepoint is in use could not be removed",
                          {{"path", path}, {"reason", removed.error().message()}});
              }
            });
}

// -------------------------------------------------------------------------------------- dispose

void SavepointStore::dispose(const std::string& path,
                             bool force,
                             Callback<runtime::DisposeReply> done) {
  if (isHeapPath(path)) {
    disposeHeap(path, force, std::move(done));
  } else {
    disposeFiles(path, force, std::move(done));
  }
}

void SavepointStore::disposeHeap(const std::string& path,
                                 bool force,
                                 Callback<runtime::DisposeReply> done) {
  auto found = heap_.find(path);
  if (found == heap_.end()) {
    done(unknownHeapPath(path));
    return;
  }
  if (const std::set<JobId>& users = heap_in_use_[path]; !users.empty() && !force) {
    done(inUse(path, *users.begin()));
    return;
  }
  runtime::CheckpointMetadata metadata = std::move(found->second);
  heap_.erase(found);
  heap_in_use_.erase(path);
  heap_bytes_ -= bytesOnJobManager(metadata);
  runtime::DisposeReply reply;
  if (owners_.releaseSavepoint(metadata.job, metadata.checkpoint)) {
    reply.data_later = true;
    done(std::move(reply));
    return;
  }
  services_.blobs.release(metadata);
  const bool runs = owners_.isRunning(metadata.job);
  removeData(std::move(metadata), runs, std::move(reply), std::move(done));
}

void SavepointStore::removeData(runtime::CheckpointMetadata metadata,
                                bool job_runs,
                                runtime::DisposeReply reply,
                                Callback<runtime::DisposeReply> done) {
  work_.run(
      [&files = services_.files, metadata = std::move(metadata), job_runs] {
        return removeSnapshotData(files, metadata, !job_runs);
      },
      [reply, done = std::move(done)](std::vector<std::string> unreadable) mutable {
        reply.unreadable = std::move(unreadable);
        done(std::move(reply));
      });
}

void SavepointStore::disposeFiles(const std::string& path,
                                  bool force,
                                  Callback<runtime::DisposeReply> done) {
  auto inspect = [&files = services_.files, path]() -> Result<Inspection> {
    Inspection inspection;
    WEIR_TRY(inspection.directory, directoryOf(path));
    auto users = jobsUsing(files, inspection.directory);
    auto metadata = readMetadata(files, inspection.directory, path);
    if (!metadata && metadata.error().code() == ErrorCode::kNotFound) {
      return std::move(metadata).error();
    }
    if (users) {
      inspection.users = *std::move(users);
    }
    if (metadata) {
      inspection.metadata = *std::move(metadata);
    } else {
      inspection.reply.unreadable.push_back(metadata.error().message() +
                                            "; state files outside of the savepoint stay");
    }
    return inspection;
  };
  work_.run(std::move(inspect),
            [this, force, done = std::move(done)](Result<Inspection> inspection) mutable {
              if (!inspection) {
                done(std::move(inspection).error());
              } else if (Status may = mayDispose(*inspection, force); !may) {
                done(std::move(may).error());
              } else {
                removeFiles(*std::move(inspection), std::move(done));
              }
            });
}

Status SavepointStore::mayDispose(const Inspection& inspection, bool force) const {
  if (!inspection.users.empty() && !force) {
    return inUse(inspection.directory, inspection.users.front());
  }
  if (!isCheckpointDirectory(inspection.directory) || !inspection.metadata) {
    return ok();
  }
  const runtime::CheckpointMetadata& metadata = *inspection.metadata;
  if (metadata.savepoint) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + inspection.directory + "' holds the state of a savepoint")
        .advise("dispose the savepoint itself; `weir savepoint list` shows it");
  }
  if (owners_.ownsCheckpoint(metadata.job, metadata.checkpoint)) {
    return Error(ErrorCode::kFailedPrecondition,
                 "'" + inspection.directory + "' is a checkpoint of job " + metadata.job.hex() +
                     ", which has not ended")
        .advise("its job removes it");
  }
  return ok();
}

void SavepointStore::removeFiles(Inspection inspection, Callback<runtime::DisposeReply> done) {
  bool job_runs = false;
  if (inspection.metadata) {
    const runtime::CheckpointMetadata& metadata = *inspection.metadata;
    const bool shares_data = isCheckpointDirectory(metadata.data_directory);
    inspection.reply.data_later =
        shares_data && owners_.releaseSavepoint(metadata.job, metadata.checkpoint);
    job_runs = owners_.isRunning(metadata.job);
  }
  auto remove = [&files = services_.files,
                 inspection = std::move(inspection),
                 job_runs]() mutable -> Result<runtime::DisposeReply> {
    runtime::DisposeReply reply = std::move(inspection.reply);
    if (inspection.metadata && !reply.data_later) {
      for (std::string& one : removeSnapshotData(files, *inspection.metadata, !job_runs)) {
        reply.unreadable.push_back(std::move(one));
      }
    }
    // Last, so that a disposal that was cut short can be repeated.
    WEIR_RETURN_IF_ERROR(removeSavepointDirectory(files, inspection.directory));
    return reply;
  };
  work_.run(std::move(remove), std::move(done));
}

void SavepointStore::discardHeap() {
  for (auto& [path, metadata] : std::exchange(heap_, {})) {
    if (owners_.releaseSavepoint(metadata.job, metadata.checkpoint)) {
      continue;  // It is the latest checkpoint of a job, which can be restored from its path.
    }
    services_.blobs.release(metadata);
    removeData(metadata, false, {}, [](const Result<runtime::DisposeReply>&) {});
  }
  heap_bytes_ = 0;
}

}  // namespace weir::jobmanager
