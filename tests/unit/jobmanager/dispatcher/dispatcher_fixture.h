#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "jobmanager/dispatcher/dispatcher.h"
#include "jobmanager/ha/memory_job_store.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::testing {

using namespace std::chrono_literals;  // NOLINT: durations of a test.

class RecordingGateway final : public jobmanager::TaskManagerGateway {
 public:
  void send(runtime::TaskManagerOrder order) override { orders.push_back(std::move(order)); }
  void close(const std::string& /*reason*/) override { closed = true; }
  std::vector<runtime::TaskManagerOrder> orders;
  bool closed = false;
};

/// A store that may take its time to answer, or refuse.
class HeldStore final : public ha::JobStore {
 public:
  using Done = ha::Answer<std::monostate>;
  void beginTerm(ha::Answer<ha::Term> done) override { memory.beginTerm(std::move(done)); }
  void write(LeaderEpoch epoch, ha::Change change, Done done) override {
    if (refusal && std::holds_alternative<ha::PutJob>(change)) {
      done(*refusal);
      return;
    }
    const bool at_once = std::holds_alternative<ha::DeployedAttempt>(change);
    memory.write(epoch, std::move(change), at_once ? std::move(done) : hold(std::move(done)));
  }
  void release() {
    holds = false;
    for (const std::function<void()>& answer : std::exchange(held_, {})) {
      answer();
    }
  }
  /// Another leader takes over.
  ha::Term takeOver() { return *ha::beginTerm(memory, 1s); }

  ha::MemoryJobStore memory;
  bool holds = false;
  std::optional<Error> refusal;

 private:
  Done hold(Done done) {
    return [this, done = std::move(done)](const Status& status) {
      if (holds) {
        held_.emplace_back([done, status] { done(status); });
      } else {
        done(status);
      }
    };
  }
  std::vector<std::function<void()>> held_;
};

class DispatcherFixture : public ::testing::Test {
 protected:
  DispatcherFixture() { open({}); }
  void open(jobmanager::DispatcherOptions options) {
    dispatcher_.reset();
    dispatcher_ = *jobmanager::Dispatcher::open(
        {.strand = strand_,
         .io = io_,
         .clock = time_,
         .random = random_,
         .files = files_,
         .blobs = blobs_,
         .store = store_,
         .stepped_down = [this](const Error& why) { stepped_down_.push_back(why.text()); }},
        std::move(options));
  }
  void registerTaskManager() {
    runtime::Registration registration;
    registration.id = taskManagerId(1);
    registration.host = "host";
    registration.slots = 4;
    dispatcher_->registerTaskManager(registration, {}, gateway_, [](const Status&) {});
    time_.runDue();
  }
  Result<runtime::SubmitReply> submit(const std::string& savepoint = {}) {
    runtime::SubmitRequest request;
    request.job = job_;
    request.graph = twoVertices(1);
    if (!savepoint.empty()) {
      request.restore.emplace();
      request.restore->path = savepoint;
    }
    return ask<runtime::SubmitReply>([&](auto done) { dispatcher_->submit(request, done); });
  }
  template <typename T, typename Call>
  Result<T> ask(Call call) {
    // Shared with the callback, which may come later than we wait.
    const auto answer = std::make_shared<Result<T>>(Error(ErrorCode::kInternal, "no answer"));
    call(jobmanager::Callback<T>([answer](Result<T> result) { *answer = std::move(result); }));
    time_.advance(1s);
    return std::move(*answer);
  }
  Result<runtime::SavepointResult> savepoint() {
    runtime::SavepointRequest request;
    request.operation = OperationId::random(random_);
    request.job = job_;
    return ask<runtime::SavepointResult>([&](auto done) {
      dispatcher_->savepoint(request, [](const runtime::SavepointProgress&) {}, done);
    });
  }
  Status cancel() {
    return ask<std::monostate>([&](auto done) { dispatcher_->cancel(job_, done); });
  }
  runtime::JobSummary summary() {
    const auto jobs =
        ask<std::vector<runtime::JobSummary>>([&](auto done) { dispatcher_->list(done); });
    return jobs->at(0);
  }
  runtime::JobState state() { return summary().state; }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore blobs_{files_, "/blobs", time_, random_};
  HeldStore store_;
  std::vector<std::string> stepped_down_;
  std::shared_ptr<RecordingGateway> gateway_ = std::make_shared<RecordingGateway>();
  std::unique_ptr<jobmanager::Dispatcher> dispatcher_;
  JobId job_ = jobId(5);
};

}  // namespace weir::testing
