#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/dispatcher/cluster_view.h"
#include "jobmanager/dispatcher/dispatcher_gateway.h"
#include "jobmanager/dispatcher/dispatcher_options.h"
#include "jobmanager/dispatcher/job_archive.h"
#include "jobmanager/dispatcher/job_reports.h"
#include "jobmanager/dispatcher/registry_listener.h"
#include "jobmanager/dispatcher/unrun_jobs.h"
#include "jobmanager/scheduler/job_master.h"

namespace weir::jobmanager {

/// All jobs by id, from their submission to their place in the archive.
///
/// A job is stored before it runs, and forgotten by the store of jobs when it has ended. Every
/// callback is called once. Threads: the strand.
class JobRegistry final : private JobListener {
 public:
  /// All of it outlives the registry.
  JobRegistry(const JobServices& services,
              blob::BlobStore& blobs,
              const DispatcherOptions& options,
              RegistryListener& listener);

  /// A repeated submission gets the answer of the first.
  void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done);
  /// A job of an earlier leader goes on from its latest checkpoint.
  void resume(ha::StoredJob job);
  /// Replays the events so far, then follows.
  void follow(JobId job, JobEventSink sink, const Callback<std::monostate>& done);
  void cancel(JobId job, Callback<std::monostate> done);
  Result<std::vector<runtime::JobSummary>> summaries() const;
  /// As DispatcherGateway::checkpoints().
  Result<std::vector<runtime::CheckpointReport>> checkpoints(
      JobId job, std::optional<CheckpointId> which) const;
  /// What a view shows of jobs.
  void show(ClusterView& view) const { showJobs(running(), unrun_, archive_, view); }

  /// nullptr when there is no such job, or it has ended: noJob() says which.
  JobMaster* find(JobId job) const;
  Error noJob(JobId job) const;
  /// Whether there is, or was, one of this id.
  bool knows(JobId job) const;
  /// Also of jobs that are being stored.
  bool empty() const { return jobs_.empty() && storing_.empty(); }
  std::size_t size() const { return jobs_.size(); }
  void forEach(const std::function<void(JobMaster&)>& call);

  /// Refuses new jobs from now on.
  void close(const Error& why) { closed_ = why; }
  /// Lets go of all jobs as they are: nothing of them is cancelled, discarded or removed. Who waits
  /// is answered with `why`.
  void drop(const Error& why);

 private:
  using Submitters = std::vector<Callback<runtime::SubmitReply>>;
  struct Job {
    std::unique_ptr<JobMaster> master;
    std::vector<JobEventSink> followers;
    Submitters submitters;  // Wait for `accepted`.
    std::optional<Result<runtime::SubmitReply>> accepted;
  };

  // JobListener.
  void jobEvent(JobId job, const runtime::JobEvent& event) override;
  void jobChanged(JobId job) override { listener_.jobChanged(job); }
  void jobEnding(JobId job,
                 const runtime::JobResult& result,
                 std::function<void()> forget) override {
    listener_.jobEnding(job, result, std::move(forget));
  }
  void savepointEnded(const ha::SavepointAnswer& answer) override {
    listener_.savepointEnded(answer);
  }
  void jobEnded(JobId job) override;

  std::vector<const JobMaster*> running() const;
  void store(runtime::SubmitRequest request, JobOptions options);
  void stored(runtime::SubmitRequest request, JobOptions options, const Status& put);
  JobMaster& add(runtime::SubmitRequest request,
                 JobOptions options,
                 std::int64_t submitted_millis = 0);
  void accepted(JobId job, const Result<runtime::SubmitReply>& reply);
  void retire(JobId job);
  void forget(JobId job);

  JobServices services_;
  blob::BlobStore& blobs_;
  const DispatcherOptions& options_;
  RegistryListener& listener_;
  std::optional<Error> closed_;
  std::optional<Error> dropped_;         // Nothing is known of any job any more.
  std::map<JobId, Submitters> storing_;  // Jobs that the store has not taken yet.
  std::map<JobId, Job> jobs_;
  UnrunJobs unrun_;
  JobArchive archive_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // Watched by posted calls.
};

}  // namespace weir::jobmanager
