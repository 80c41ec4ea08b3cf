#pragma once

#include <optional>

#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/dispatcher_options.h"
#include "jobmanager/dispatcher/job_registry.h"
#include "jobmanager/resources/resource_manager.h"
#include "jobmanager/upgrade/upgrade_jobs.h"

namespace weir::jobmanager {

/// The jobs of the registry as upgrades see them. Threads: the strand.
class UpgradableJobs final : public UpgradeJobs {
 public:
  /// All of it outlives this.
  UpgradableJobs(JobRegistry& jobs,
                 blob::BlobStore& blobs,
                 const fs::FileSystem& files,
                 const ResourceManager& resources,
                 const DispatcherOptions& options)
      : jobs_(jobs), blobs_(blobs), files_(files), resources_(resources), options_(options) {}

  std::optional<JobStanding> standing(JobId job) const override;
  void whenTakenUp(JobId job, std::function<void()> then) override;
  Status mayUpgrade(const runtime::UpgradeRequest& request) const override;
  UpgradePatience patienceFor(const runtime::UpgradeRequest& request) const override;
  Result<runtime::SubmitRequest> programOf(JobId job, JobId as) const override;
  Status retain(const runtime::SubmitRequest& program) override;
  void release(JobId job) override { blobs_.release(job); }
  void stop(const runtime::UpgradeRequest& request,
            Callback<runtime::SavepointResult> done) override;
  void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) override {
    jobs_.submit(std::move(request), std::move(done));
  }
  void checkpointSoon(JobId job) override;
  void cancel(JobId job) override;

 private:
  Status haveRoom(const JobMaster& job, const runtime::SubmitRequest& next) const;
  /// Of the savepoint: one that the next job manager finds, too.
  std::string directory() const;

  JobRegistry& jobs_;
  blob::BlobStore& blobs_;
  const fs::FileSystem& files_;
  const ResourceManager& resources_;
  const DispatcherOptions& options_;
};

}  // namespace weir::jobmanager
