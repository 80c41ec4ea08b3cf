#include "jobmanager/web/rest_api.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "common/base/random.h"

namespace weir::jobmanager::web {
namespace {

using nlohmann::json;

/// One running job of two vertices with a completed checkpoint, one failed job, one task manager.
class RestApiTest : public ::testing::Test {
 protected:
  RestApiTest() {
    view_->now_millis = 5000;
    JobView job;
    job.summary.id = JobId::random(random_);
    job.summary.name = "word \xff count";
    job.summary.state = runtime::JobState::kRunning;
    job.summary.start_millis = 1000;
    job.summary.waiting = "for 1 of 2 tasks to start";
    job.timestamps[static_cast<std::size_t>(runtime::JobState::kRunning)] = 1500;
    JobOutline outline;
    for (const char* name : {"source", "sink"}) {
      VertexView vertex{OperatorId::random(random_), name, 2, {}};
      vertex.subtasks.resize(2);
      vertex.subtasks[1].subtask = 1;
      vertex.subtasks[0].state = runtime::TaskState::kRunning;
      vertex.subtasks[0].start_millis = 2000;
      vertex.subtasks[0].host = "localhost";
      vertex.subtasks[0].metrics = {1, 2, 3, 4, 5, {{vertex.id, name, "sums", 5, 6, 7}}};
      vertex.subtasks[1].metrics.states = {{vertex.id, name, "sums", 50, 60, 70}};
      outline.vertices.push_back({vertex.id, name, 2, {}});
      job.vertices.push_back(std::move(vertex));
    }
    outline.vertices[1].inputs.push_back({outline.vertices[0].id, graph::Partitioning::kHash});
    job.outline = std::make_shared<const JobOutline>(std::move(outline));
    runtime::CheckpointReport checkpoint;
    checkpoint.id = CheckpointId(2);
    checkpoint.status = runtime::CheckpointStatus::kFailed;
    checkpoint.verdict = "declined by task sink";
    job.checkpoints.push_back(std::make_shared<const runtime::CheckpointReport>(checkpoint));
    checkpoint.id = CheckpointId(1);
    checkpoint.status = runtime::CheckpointStatus::kCompleted;
    checkpoint.duration_millis = 20;
    checkpoint.bytes = 300;
    checkpoint.verdict = "in time";
    runtime::VertexTimeline vertex;
    vertex.name = "sink";
    vertex.subtasks.resize(1);
    vertex.subtasks[0].phases.alignment = 7;
    checkpoint.vertices.push_back(vertex);
    job.checkpoints.push_back(std::make_shared<const runtime::CheckpointReport>(checkpoint));
    job.checkpoints_completed = 1;
    view_->running.push_back(job);
    job.summary.id = JobId::random(random_);
    job.summary.state = runtime::JobState::kFailed;
    job.failure = "it broke";
    job.checkpoints.clear();
    view_->finished.push_back(job);
    view_->jobs_failed = 1;
    TaskManagerView task_manager;
    task_manager.id = TaskManagerId::random(random_);
    task_manager.slots = 3;
    task_manager.free_slots = 1;
    view_->task_managers.push_back(task_manager);
  }

  json get(const std::string& path) {
    const Response response = api_.get(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.content_type, "application/json") << path;
    return json::parse(response.body);
  }
  std::string job(const std::string& rest = "") {
    return "/jobs/" + view_->running[0].summary.id.hex() + rest;
  }

  SeededRandom random_{1};
  std::shared_ptr<ClusterView> view_ = std::make_shared<ClusterView>();
  RestApi api_{{"0.1.0", 3000, {{"parallelism.default", "1"}}}, [this] { return view_; }};
};

TEST_F(RestApiTest, OverviewCountsSlotsAndJobs) {
  const json overview = get("/overview");
  EXPECT_EQ(overview["taskmanagers"], 1);
  EXPECT_EQ(overview["slots-total"], 3);
  EXPECT_EQ(overview["slots-available"], 1);
  EXPECT_EQ(overview["jobs-running"], 1);
  EXPECT_EQ(overview["jobs-failed"], 1);
  EXPECT_EQ(overview["jobs-cancelled"], 0);
  EXPECT_EQ(overview["flink-version"], "0.1.0");
}

TEST_F(RestApiTest, JobsAreListedByTheirState) {
  const json jobs = get("/jobs");
  EXPECT_EQ(jobs["jobs-running"], json::array({view_->running[0].summary.id.hex()}));
  EXPECT_EQ(jobs["jobs-failed"], json::array({view_->finished[0].summary.id.hex()}));
  EXPECT_EQ(jobs["jobs-finished"], json::array());
}

TEST_F(RestApiTest, TheOverviewOfJobsIsAlsoGivenInHalves) {
  const json both = get("/joboverview");
  EXPECT_EQ(both["running"].size(), 1U);
  EXPECT_EQ(get("/joboverview/running")["jobs"], both["running"]);
  EXPECT_EQ(get("/joboverview/completed")["jobs"], both["finished"]);
  EXPECT_EQ(both["running"][0]["tasks"]["total"], 4);
  EXPECT_EQ(both["running"][0]["tasks"]["running"], 2);
  EXPECT_EQ(both["running"][0]["tasks"]["pending"], 2);
  EXPECT_EQ(both["running"][0]["duration"], 4000);
}

TEST_F(RestApiTest, AJobShowsVerticesStatesAndPlan) {
  const json details = get(job());
  EXPECT_EQ(details, get(job("/vertices")));
  EXPECT_EQ(details["state"], "RUNNING");
  EXPECT_EQ(details["waiting"], "for 1 of 2 tasks to start");
  EXPECT_EQ(details["timestamps"]["RUNNING"], 1500);
  EXPECT_EQ(details["vertices"][0]["status"], "RUNNING");
  EXPECT_EQ(details["vertices"][0]["tasks"]["CREATED"], 1);
  EXPECT_EQ(details["vertices"][0]["metrics"]["write-records"], 2);
  const auto& state = details["vertices"][0]["states"].at(0);
  EXPECT_EQ(state["operator"], "source");
  EXPECT_EQ(state["name"], "sums");
  EXPECT_EQ(state["keys"], 55);
  EXPECT_EQ(state["memory-bytes"], 66);
  EXPECT_EQ(state["disk-bytes"], 77);
  EXPECT_EQ(details["status-counts"]["RUNNING"], 2);
  EXPECT_EQ(details["plan"], get(job("/plan")));
  EXPECT_EQ(details["plan"]["nodes"][1]["inputs"][0]["ship_strategy"], "HASH");
  EXPECT_EQ(details["plan"]["nodes"][1]["inputs"][0]["id"], details["vertices"][0]["id"]);
}

TEST_F(RestApiTest, CheckpointsAreEmptyUntilOneHasCompleted) {
  const json checkpoints = get(job("/checkpoints"));
  EXPECT_EQ(checkpoints["count"], 1);
  EXPECT_EQ(checkpoints["size"]["avg"], 300);
  EXPECT_EQ(checkpoints["duration"]["max"], 20);
  ASSERT_EQ(checkpoints["history"].size(), 1U);
  EXPECT_EQ(checkpoints["history"][0]["id"], 1);
  const std::string none = "/jobs/" + view_->finished[0].summary.id.hex() + "/checkpoints";
  EXPECT_EQ(get(none), json::object());
}

TEST_F(RestApiTest, CheckpointsThatFailedAreShownWithTheirVerdict) {
  const json checkpoints = get(job("/checkpoints"));
  ASSERT_EQ(checkpoints["all"].size(), 2U);
  EXPECT_EQ(checkpoints["all"][0]["status"], "FAILED");
  EXPECT_EQ(checkpoints["all"][0]["verdict"], "declined by task sink");
  EXPECT_EQ(checkpoints["history"][0]["verdict"], "in time");
}

TEST_F(RestApiTest, ACheckpointShowsWhatEachSubtaskDid) {
  const json details = get(job("/checkpoints/details/1"));
  EXPECT_EQ(details["vertices"][0]["name"], "sink");
  EXPECT_EQ(details["vertices"][0]["subtasks"][0]["phases"]["alignment"], 7);
  EXPECT_EQ(api_.get(job("/checkpoints/details/9")).status, 404);
}

TEST_F(RestApiTest, AVertexShowsItsSubtasks) {
  const std::string vertex = "/vertices/" + view_->running[0].vertices[0].id.hex();
  const json details = get(job(vertex));
  EXPECT_EQ(details["subtasks"][0]["host"], "localhost");
  EXPECT_EQ(details["subtasks"][0]["attempt"], 0);
  EXPECT_EQ(details["subtasks"][1]["host"], "(unassigned)");
  const json times = get(job(vertex + "/subtasktimes"));
  EXPECT_EQ(times["subtasks"][0]["duration"], 3000);
  EXPECT_EQ(times["subtasks"][0]["timestamps"]["RUNNING"], 0);
}

TEST_F(RestApiTest, TheRestOfAJobIsThere) {
  EXPECT_EQ(get(job("/config"))["execution-config"]["job-parallelism"], 2);
  EXPECT_FALSE(get(job("/exceptions")).contains("root-exception"));
  const std::string failed = "/jobs/" + view_->finished[0].summary.id.hex() + "/exceptions";
  EXPECT_EQ(get(failed)["root-exception"], "it broke");
  EXPECT_EQ(get(job("/accumulators"))["user-task-accumulators"], json::array());
}

TEST_F(RestApiTest, TaskManagersAndConfigurationAreThere) {
  EXPECT_EQ(get("/taskmanagers")["taskmanagers"][0]["slotsNumber"], 3);
  EXPECT_EQ(get("/taskmanagers/" + view_->task_managers[0].id.hex()), get("/taskmanagers"));
  EXPECT_EQ(get("/jobmanager/config")[0]["key"], "parallelism.default");
  EXPECT_EQ(get("/config")["refresh-interval"], 3000);
}

TEST_F(RestApiTest, WhatIsNotThereIs404InPlainText) {
  for (const std::string& path : {std::string("/nothing"),
                                  std::string("/jobs/xyz"),
                                  job("/nothing"),
                                  job("/vertices/00"),
                                  std::string("/taskmanagers/00"),
                                  std::string("/overview/more")}) {
    const Response response = api_.get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_EQ(response.content_type, "text/plain") << path;
  }
  EXPECT_EQ(api_.get("/").content_type, "text/plain");
}

}  // namespace
}  // namespace weir::jobmanager::web
