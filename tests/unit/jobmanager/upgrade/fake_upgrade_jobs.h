#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "jobmanager/upgrade/upgrade_jobs.h"

namespace weir::testing {

using jobmanager::Callback;
using jobmanager::JobStanding;
using jobmanager::UpgradePatience;

/// Jobs that stand as a test says, and what was asked of them.
class FakeUpgradeJobs final : public jobmanager::UpgradeJobs {
 public:
  std::optional<JobStanding> standing(JobId job) const override {
    const auto found = jobs.find(job);
    return found == jobs.end() ? std::nullopt : std::optional(found->second);
  }
  void whenTakenUp(JobId /*job*/, std::function<void()> then) override { then(); }
  Status mayUpgrade(const runtime::UpgradeRequest& /*request*/) const override { return refusal; }
  UpgradePatience patienceFor(const runtime::UpgradeRequest& /*request*/) const override {
    return {.timeout = std::chrono::seconds(10), .restarts = 1};
  }
  Result<runtime::SubmitRequest> programOf(JobId job, JobId as) const override {
    if (!jobs.contains(job)) {
      return Error(ErrorCode::kNotFound, "no such job");
    }
    runtime::SubmitRequest program;
    program.job = as;
    program.graph = named("old");
    return program;
  }
  Status retain(const runtime::SubmitRequest& program) override {
    retained.insert(program.job);
    return ok();
  }
  void release(JobId job) override { retained.erase(job); }
  void stop(const runtime::UpgradeRequest& /*request*/,
            Callback<runtime::SavepointResult> done) override {
    asked.emplace_back("stop");
    stopped = std::move(done);
  }
  void submit(runtime::SubmitRequest request, Callback<runtime::SubmitReply> done) override {
    asked.push_back("submit " + request.graph->name + " from " + request.restore->path);
    submitted = request.job;
    accept = std::move(done);
  }
  void checkpointSoon(JobId /*job*/) override { asked.emplace_back("checkpoint"); }
  void cancel(JobId job) override {
    asked.emplace_back(jobs.contains(job) ? "cancel" : "cancel nothing");
  }

  static graph::JobGraph named(const std::string& name) {
    graph::JobGraph graph;
    graph.name = name;
    return graph;
  }

  std::map<JobId, JobStanding> jobs;
  Status refusal = ok();
  std::vector<std::string> asked;
  std::set<JobId> retained;
  Callback<runtime::SavepointResult> stopped;
  Callback<runtime::SubmitReply> accept;
  JobId submitted;  ///< The last one.
};

}  // namespace weir::testing
