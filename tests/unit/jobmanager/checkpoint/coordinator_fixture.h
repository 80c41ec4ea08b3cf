#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/memory_file_system.h"
#include "jobmanager/checkpoint/checkpoint_coordinator.h"
#include "tests/unit/jobmanager/checkpoint/fake_tasks.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {

/// A coordinator of a job of two vertices with one subtask each, that checkpoints each second; its
/// files, its time and what it tells the tasks.
class CoordinatorFixture : public ::testing::Test {
 protected:
  /// Tests change what it says before start().
  CheckpointCoordinator::Setup setup_ = {
      .origin = {testing::jobId(1), "", "test"},
      .program = nullptr,
      .storage = onFiles(),
  };

  static constexpr std::size_t kMostState = 10'000;  ///< Bytes on the job manager.

  void start() { start(tasks_); }
  void start(CheckpointedTasks& tasks) {
    coordinator_.emplace(services(), graph_, setup_, tasks);
    coordinator_->start();
  }
  CheckpointServices services() { return {strand_, *io_, time_, files_, blobs_, discarder_}; }

  static runtime::CheckpointStorage onFiles() {
    runtime::CheckpointStorage storage;
    storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    storage.directory = "file:/c/" + testing::jobId(1).hex();
    return storage;
  }
  static runtime::CheckpointStorage onJobManager() {
    runtime::CheckpointStorage storage;
    storage.kind = runtime::CheckpointStorage::Kind::kJobManager;
    return storage;
  }
  static std::string directoryOf(std::uint64_t id) {
    return "file:/c/" + testing::jobId(1).hex() + "/chk-" + std::to_string(id);
  }
  /// The path of the file in which the task of `vertex` stores its state, as workers name it.
  static std::string path(std::uint64_t id, std::uint8_t vertex) {
    return directoryOf(id) + "/0a0b0c0d-0-1-0000000" + std::to_string(vertex);
  }
  void write(std::uint64_t id, std::uint8_t vertex) {
    static_cast<void>(fs::writeAll(files_, path(id, vertex), "x"));
  }
  /// Of the task of `vertex`, with no state.
  static runtime::CheckpointAck ackOf(std::uint64_t id, std::uint8_t vertex) {
    runtime::CheckpointAck ack;
    ack.checkpoint = CheckpointId(id);
    ack.task = {testing::operatorId(vertex), 0};
    ack.operators.resize(1);
    ack.operators[0].id = ack.task.vertex;
    return ack;
  }
  static runtime::CheckpointAck ackWithFile(std::uint64_t id, std::uint8_t vertex) {
    runtime::CheckpointAck ack = ackOf(id, vertex);
    runtime::SectionHandle& handle = ack.operators[0].handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = path(id, vertex);
    handle.size = 1;
    return ack;
  }
  void acknowledge(const runtime::CheckpointAck& ack) {
    coordinator_->acknowledge(ack);
    time_.runDue();
  }
  /// Stores the state of the task and acknowledges it.
  void acknowledge(std::uint64_t id, std::uint8_t vertex) {
    write(id, vertex);
    acknowledge(ackWithFile(id, vertex));
  }
  void acknowledgeAgain(std::uint64_t id, std::uint8_t vertex) {
    acknowledge(ackWithFile(id, vertex));
  }
  void acknowledgeAll(std::uint64_t id) {
    acknowledge(id, 1);
    acknowledge(id, 2);
  }
  /// Completes checkpoint `id` as the next periodic one.
  void completeNext(std::uint64_t id) {
    time_.advance(std::chrono::seconds(1));
    acknowledgeAll(id);
  }
  void decline(std::uint64_t id) {
    coordinator_->decline({{}, CheckpointId(id), {testing::operatorId(1), 0}, "no"});
    time_.runDue();
  }
  void takeSavepoint(const Result<KeptSavepoint>& kept = KeptSavepoint{},
                     runtime::StopMode stop = runtime::StopMode::kNone) {
    coordinator_->takeSavepoint(
        {.stop = stop,
         .keep = [kept](const runtime::CheckpointMetadata&,
                        const Callback<KeptSavepoint>& done) { done(kept); },
         .progress = {},
         .done =
             [this](const Result<runtime::SavepointResult>& result) {
               savepoints_.push_back(result ? "done" : result.error().text());
             }});
  }
  /// Whether all was removed that is to be removed at the end of the job.
  bool end(bool keep_latest = false) {
    coordinator_->stop(Error(ErrorCode::kCancelled, "over"));
    coordinator_->end(keep_latest, [this] { ended_ = true; });
    time_.runDue();
    return ended_;
  }
  std::string failureOf(std::uint64_t id) {
    const auto report = coordinator_->history().report(CheckpointId(id));
    return report ? report->failure : "none";
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  std::unique_ptr<concurrency::Executor> io_ =
      std::make_unique<concurrency::SimulatedExecutor>(time_);
  testing::FakeDiscarder discarder_;
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore store_{files_, "/blobs", time_, random_, nullptr, {.most = kMostState}};
  StateBlobs blobs_{store_};
  graph::JobGraph graph_ = testing::twoVertices(1);
  FakeTasks tasks_;
  std::vector<std::string> savepoints_;  // "done", or why one failed.
  bool ended_ = false;
  std::optional<CheckpointCoordinator> coordinator_;
};

}  // namespace weir::jobmanager
