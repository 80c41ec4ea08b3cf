#include "jobmanager/scheduler/directory_probe.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/local_file_system.h"
#include "common/fs/memory_file_system.h"
#include "tests/unit/jobmanager/fake_discarder.h"

namespace weir::jobmanager {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Keeps the orders of a task manager.
class Gateway final : public TaskManagerGateway {
 public:
  void send(runtime::TaskManagerOrder order) override {
    if (auto* probe = std::get_if<runtime::ProbeOrder>(&order)) {
      orders.push_back(std::move(*probe));
    }
  }
  void close(const std::string& /*reason*/) override {}
  std::vector<runtime::ProbeOrder> orders;
};

class DirectoryProbeTest : public ::testing::Test {
 protected:
  void addTaskManager(const std::string& machine) {
    runtime::Registration registration;
    registration.id = id_;
    registration.host = "other-host";
    registration.machine_id = machine;
    ASSERT_TRUE(resources_.add(registration, gateway_));
  }
  void run() {
    probe_.run({"file:/checkpoints"}, {id_}, [&](Status status) { answer_ = std::move(status); });
    time_.runDue();
  }
  /// What a task manager does that sees `files` as its own.
  void carryOut(fs::FileSystem& files) {
    ASSERT_EQ(gateway_->orders.size(), 1U);
    const runtime::ProbeOrder& order = gateway_->orders[0];
    const std::string path = order.directory + "/" + order.expected_file;
    const auto content = fs::readAll(files, path);
    const bool read = content.has_value() && *content == order.expected_content;
    ASSERT_TRUE(fs::writeAll(files, order.directory + "/" + order.write_file, order.write_content));
    probe_.result(id_, {order.id, read ? "" : "it cannot read " + path});
    time_.runDue();
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  concurrency::SimulatedExecutor io_{time_};
  fs::MemoryFileSystem files_;
  fs::MemoryFileSystem theirs_;
  SeededRandom random_{1};
  blob::BlobStore store_{files_, "/blobs", time_, random_};
  StateBlobs blobs_{store_};
  testing::FakeDiscarder discarder_;
  ResourceManager resources_{
      strand_, time_, std::chrono::hours(1), [](TaskManagerId, const std::string&) {}};
  TaskManagerId id_ = TaskManagerId::random(random_);
  std::shared_ptr<Gateway> gateway_ = std::make_shared<Gateway>();
  DirectoryProbe probe_{
      {strand_, io_, time_, files_, blobs_, discarder_}, random_, resources_, "this-machine"};
  std::optional<Status> answer_;
};

TEST_F(DirectoryProbeTest, ASharedDirectoryIsFoundSharedAndLeftClean) {
  addTaskManager("another-machine");
  run();
  carryOut(files_);
  ASSERT_TRUE(answer_.has_value());
  EXPECT_TRUE(answer_->has_value());
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(DirectoryProbeTest, WhatAKilledTaskManagerLeavesUnfinishedGoesWithTheRun) {
  std::string folder = ::testing::TempDir() + "probe-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  fs::LocalFileSystem files;
  DirectoryProbe probe{
      {strand_, io_, time_, files, blobs_, discarder_}, random_, resources_, "this-machine"};
  addTaskManager("another-machine");
  probe.run({folder}, {id_}, [&](Status status) { answer_ = std::move(status); });
  time_.runDue();
  ASSERT_EQ(gateway_->orders.size(), 1U);
  const runtime::ProbeOrder& order = gateway_->orders[0];
  std::ofstream(order.directory + "/." + order.write_file + ".0123456789ab.tmp") << "half";
  probe.lost(id_);
  time_.runDue();
  ASSERT_TRUE(answer_.has_value());
  EXPECT_EQ(answer_->error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
}

TEST_F(DirectoryProbeTest, AnotherMachinesOwnDirectoryIsAnErrorNamingHostAndPath) {
  addTaskManager("another-machine");
  run();
  carryOut(theirs_);
  ASSERT_TRUE(answer_.has_value());
  ASSERT_FALSE(answer_->has_value());
  EXPECT_THAT(answer_->error().text(),
              AllOf(HasSubstr("/checkpoints"), HasSubstr("other-host"), HasSubstr("not shared")));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(DirectoryProbeTest, OnOneMachineADirectoryThatIsNotSharedIsOnlyAWarning) {
  addTaskManager("this-machine");
  run();
  carryOut(theirs_);
  ASSERT_TRUE(answer_.has_value());
  EXPECT_TRUE(answer_->has_value());
}

TEST_F(DirectoryProbeTest, AsksATaskManagerOnceUntilItIsLost) {
  addTaskManager("another-machine");
  run();
  carryOut(files_);
  answer_.reset();
  run();
  EXPECT_TRUE(answer_.has_value() && answer_->has_value());
  EXPECT_EQ(gateway_->orders.size(), 1U);
  probe_.lost(id_);
  run();
  EXPECT_EQ(gateway_->orders.size(), 2U);
}

TEST_F(DirectoryProbeTest, ASilentTaskManagerIsUnavailableAfterATimeOut) {
  addTaskManager("another-machine");
  run();
  time_.advance(std::chrono::seconds(11));
  ASSERT_TRUE(answer_.has_value());
  ASSERT_FALSE(answer_->has_value());
  EXPECT_EQ(answer_->error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(answer_->error().text(), HasSubstr("did not answer"));
}

}  // namespace
}  // namespace weir::jobmanager
