#include "jobmanager/savepoint/savepoint_users.h"

#include <utility>

#include "common/snapshot/layout.h"
#include "common/telemetry/log.h"
#include "jobmanager/savepoint/savepoint_files.h"

namespace weir::jobmanager {

void SavepointUsers::add(const std::string& path,
                         const std::string& data_directory,
                         JobId job,
                         std::function<void()> done) {
  Users& users = users_[path];
  users.jobs.insert(job);  // At once: a disposal may be looking at it already.
  users.data_directory = data_directory;
  if (snapshot::isHeapSavepoint(path)) {
    done();
    return;
  }
  work_.run(
      path,
      [&files = files_, path, data_directory, job, holder = holder_] {
        return writeInUse(files, path, data_directory, job, holder);
      },
      [path, done = std::move(done)](const Status& written) {
        if (!written) {
          log::warn("a savepoint that a job is restored from could not be marked as in use",
                    {{"path", path}, {"reason", written.error().message()}});
        }
        done();
      });
}

void SavepointUsers::remove(const std::string& path, JobId job, std::function<void()> done) {
  if (snapshot::isHeapSavepoint(path)) {
    removed(path, job);
    done();
    return;
  }
  const auto found = users_.find(path);
  work_.run(
      path,
      [&files = files_,
       path,
       job,
       data_directory = found == users_.end() ? std::string() : found->second.data_directory] {
        return removeInUse(files, path, data_directory, job);
      },
      [this, path, job, done = std::move(done)](const Status& answer) {
        removed(path, job);
        if (!answer) {
          log::warn("the mark that a savepoint is in use could not be removed",
                    {{"path", path}, {"reason", answer.error().message()}});
        }
        done();
      });
}

std::set<JobId> SavepointUsers::of(const std::string& path) const {
  const auto found = users_.find(path);
  return found == users_.end() ? std::set<JobId>() : found->second.jobs;
}

void SavepointUsers::removed(const std::string& path, JobId job) {
  if (const auto found = users_.find(path); found != users_.end()) {
    found->second.jobs.erase(job);
    if (found->second.jobs.empty()) {
      users_.erase(found);
    }
  }
}

}  // namespace weir::jobmanager
