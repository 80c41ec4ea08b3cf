#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "jobmanager/ha/memory_job_store.h"
#include "jobmanager/scheduler/job_master.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::testing {

/// Keeps the orders that a task manager gets.
class OrderLog final : public jobmanager::TaskManagerGateway {
 public:
  void send(runtime::TaskManagerOrder order) override { orders_.push_back(std::move(order)); }
  void adopt(const runtime::ExecutionId& execution) override { adopted.push_back(execution); }
  void giveUp(const runtime::ExecutionId& execution) override { given_up.push_back(execution); }
  void close(const std::string& /*reason*/) override {}
  template <typename Order>
  std::vector<Order> all() const {
    std::vector<Order> found;
    for (const runtime::TaskManagerOrder& order : orders_) {
      if (const auto* one = std::get_if<Order>(&order)) {
        found.push_back(*one);
      }
    }
    return found;
  }
  std::vector<runtime::ExecutionId> adopted;
  std::vector<runtime::ExecutionId> given_up;

 private:
  std::vector<runtime::TaskManagerOrder> orders_;
};

class NoOwners final : public jobmanager::SavepointOwners {
 public:
  bool releaseSavepoint(JobId /*job*/, CheckpointId /*id*/) override { return false; }
  bool ownsCheckpoint(JobId /*job*/, CheckpointId /*id*/) const override { return false; }
  bool isRunning(JobId /*job*/) const override { return true; }
  bool isReading(JobId /*job*/) const override { return false; }
  std::shared_ptr<const runtime::JobProgram> programOf(JobId /*job*/) const override {
    return nullptr;
  }
};

/// Notes the states that a job went through, and its result.
class JobLog final : public jobmanager::JobListener {
 public:
  void jobEvent(JobId /*job*/, const runtime::JobEvent& event) override {
    if (const auto* change = std::get_if<runtime::JobStateChange>(&event)) {
      states.emplace_back(toString(change->state));
    } else if (const auto* one = std::get_if<runtime::JobResult>(&event)) {
      result = *one;
    }
  }
  void jobChanged(JobId /*job*/) override {}
  void savepointEnded(const ha::SavepointAnswer& answer) override {
    savepoints[answer.operation] = answer.result ? "done" : answer.result.error().text();
  }
  void jobEnded(JobId /*job*/) override { ended = true; }

  std::vector<std::string> states;
  std::optional<runtime::JobResult> result;
  std::map<OperationId, std::string> savepoints;  // Of an earlier leader: "done", or why not.
  bool ended = false;
};

/// One job on two task managers of one slot each, on virtual time. The tests play the workers.
class JobFixture : public ::testing::Test {
 protected:
  static constexpr int kTaskManagers = 2;

  JobFixture() {
    options_.restart.kind = config::RestartSettings::Kind::kFixedDelay;
    options_.restart.attempts = 10;
    options_.restart.delay = std::chrono::seconds(3);
    options_.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    options_.storage.directory = "file:/c/" + jobId(1).hex();
    request_.job = jobId(1);
    request_.graph = twoVertices(kTaskManagers);
  }
  void addTaskManagers() {
    for (std::uint8_t number = 1; number <= kTaskManagers; ++number) {
      addTaskManager(number);
    }
    time_.runDue();
  }
  void addTaskManager(std::uint8_t number) {
    runtime::Registration registration;
    registration.id = taskManagerId(number);
    registration.host = "host" + std::to_string(number);
    gateways_.resize(kTaskManagers + 1);
    gateways_[number] = std::make_shared<OrderLog>();
    ASSERT_TRUE(resources_.add(registration, gateways_[number]));
  }
  void start() {
    const jobmanager::JobServices services{{strand_, io_, time_, files_, blobs_, discarder_},
                                           random_,
                                           resources_,
                                           savepoints_,
                                           store_};
    store_.write(ha::PutJob{request_}, [](const Status&) {});
    job_ = std::make_unique<jobmanager::JobMaster>(services, options_, request_, log_);
    job_->start(std::move(resumed_), [this](auto reply) { reply_ = std::move(reply); }, deployed_);
    time_.runDue();
  }
  /// A job whose tasks all run.
  void startRunning() {
    addTaskManagers();
    start();
    reportRunning();
  }

  std::vector<runtime::Deployment> deployments(std::uint8_t number = 1) const {
    return gateways_[number]->all<runtime::Deployment>();
  }
  runtime::ExecutionId execution() const { return deployments().back().execution; }
  /// Where a subtask of the last deployment runs.
  std::uint8_t placeOf(std::uint8_t vertex, std::uint32_t subtask) const {
    const runtime::Deployment last = deployments().back();
    const std::uint32_t worker = last.placement[vertex - 1][subtask];
    return last.workers[worker].task_manager == taskManagerId(1) ? 1 : 2;
  }
  /// Calls `call(vertex, subtask)` for each.
  template <typename Call>
  void forEachTask(Call call) {
    for (std::uint8_t vertex = 1; vertex <= 2; ++vertex) {
      for (std::uint32_t subtask = 0; subtask < kTaskManagers; ++subtask) {
        call(vertex, subtask);
      }
    }
  }
  void report(std::uint8_t from, runtime::TaskManagerReport report) {
    const auto* exited = std::get_if<runtime::WorkerExited>(&report);
    const std::optional<runtime::ExecutionId> freed =
        exited == nullptr ? std::nullopt : std::optional(exited->execution);
    job_->report(taskManagerId(from), report);
    if (freed) {
      resources_.workerExited(taskManagerId(from), *freed);
    }
    time_.runDue();
  }
  void update(std::uint8_t vertex,
              std::uint32_t subtask,
              runtime::TaskState state,
              bool input_ended = false,
              const std::string& cause = {}) {
    runtime::TaskUpdate update;
    update.execution = execution();
    update.task = {operatorId(vertex), subtask};
    update.state = state;
    update.input_ended = input_ended;
    update.cause = cause;
    report(placeOf(vertex, subtask), std::vector{update});
  }
  void reportRunning() {
    forEachTask(
        [&](auto vertex, auto subtask) { update(vertex, subtask, runtime::TaskState::kRunning); });
  }
  void endInputs() {
    forEachTask([&](auto vertex, auto subtask) {
      update(vertex, subtask, runtime::TaskState::kRunning, true);
    });
  }
  void finishTasks() {
    forEachTask([&](auto vertex, auto subtask) {
      update(vertex, subtask, runtime::TaskState::kFinished, true);
    });
  }
  void acknowledge(std::uint64_t id) {
    forEachTask([&](auto vertex, auto subtask) { acknowledge(id, vertex, subtask); });
  }
  void acknowledge(std::uint64_t id, std::uint8_t vertex, std::uint32_t subtask) {
    runtime::CheckpointAck ack;
    ack.execution = execution();
    ack.checkpoint = CheckpointId(id);
    ack.task = {operatorId(vertex), subtask};
    ack.operators.resize(1);
    ack.operators[0].id = ack.task.vertex;
    runtime::SectionHandle& handle = ack.operators[0].handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = options_.storage.directory + "/chk-" + std::to_string(id) + "/" +
                      std::to_string(vertex) + std::to_string(subtask);
    handle.size = 1;
    ASSERT_TRUE(fs::writeAll(files_, handle.location, "x"));
    report(placeOf(vertex, subtask), ack);
  }
  void decline(std::uint64_t id) {
    report(placeOf(1, 0),
           runtime::CheckpointDecline{
               execution(), CheckpointId(id), {operatorId(1), 0}, "told to by the test"});
  }
  void workerExited(std::uint8_t number, const std::string& cause = {}, bool expected = true) {
    runtime::WorkerExited exited;
    exited.execution = execution();
    exited.expected = expected;
    exited.cause = cause;
    report(number, exited);
  }
  void workersExited() {
    for (std::uint8_t number = 1; number <= kTaskManagers; ++number) {
      workerExited(number);
    }
  }
  /// A worker dies, and all others end as they are told to.
  void failWorker(const std::string& cause = "killed by signal 11") {
    workerExited(1, cause, false);
    workerExited(2);
  }
  template <typename Order>
  std::size_t ordersOf() const {
    return gateways_[1]->all<Order>().size() + gateways_[2]->all<Order>().size();
  }
  std::vector<std::uint64_t> triggered() const {
    std::vector<std::uint64_t> ids;
    for (const auto& order : gateways_[placeOf(1, 0)]->all<runtime::TriggerOrder>()) {
      ids.push_back(order.order.checkpoint.value());
    }
    return ids;
  }
  std::vector<std::uint64_t> notified() const {
    std::vector<std::uint64_t> ids;
    for (const auto& order : gateways_[1]->all<runtime::NotifyOrder>()) {
      if (order.completed) {
        ids.push_back(order.checkpoint.value());
      }
    }
    return ids;
  }
  void savepoint(bool cancels = false, runtime::StopMode stop = runtime::StopMode::kNone) {
    runtime::SavepointRequest request;
    request.stop = stop;
    request.job = jobId(1);
    request.directory = "/s";
    request.cancel_job = cancels;
    job_->savepoint(
        request,
        [](const runtime::SavepointProgress&) {},
        [this](auto result) { savepoint_ = std::move(result); });
    time_.runDue();
  }
  Status cancel() {
    Status answer = Error(ErrorCode::kInternal, "no answer");
    job_->cancel([&](Status status) { answer = std::move(status); });
    time_.runDue();
    return answer;
  }
  std::string state() const { return std::string(toString(job_->summary().state)); }
  std::string waiting() const { return job_->summary().waiting; }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore blob_store_{files_, "/blobs", time_, random_};
  jobmanager::StateBlobs blobs_{blob_store_};
  FakeDiscarder discarder_;
  ha::MemoryJobStore stored_;
  ha::LeaderStore store_{
      stored_, strand_, ha::beginTerm(stored_, std::chrono::seconds(1))->epoch, [](const Error&) {
      }};
  jobmanager::ResourceManager resources_{
      strand_, time_, std::chrono::hours(10), [this](TaskManagerId id, const std::string& reason) {
        if (job_ != nullptr) {
          job_->taskManagerLost(id, reason);
        }
      }};
  NoOwners owners_;
  jobmanager::SavepointStore savepoints_{
      {strand_, io_, time_, files_, blobs_, discarder_}, random_, {}, owners_};
  std::vector<std::shared_ptr<OrderLog>> gateways_;  // By number.
  JobLog log_;
  jobmanager::JobOptions options_;
  runtime::SubmitRequest request_;
  std::optional<Result<runtime::SubmitReply>> reply_;
  std::optional<Result<runtime::SavepointResult>> savepoint_;
  /// Where its checkpoints lie, of a job that is taken up again.
  std::optional<ha::JobCheckpoints> resumed_;
  /// Where its last attempt was deployed, likewise.
  std::optional<ha::DeployedAttempt> deployed_;
  std::unique_ptr<jobmanager::JobMaster> job_;
};

}  // namespace weir::testing
