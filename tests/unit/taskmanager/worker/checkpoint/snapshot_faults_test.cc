// Snapshots of a subtask on a disk that goes wrong at each of its operations, or is slow.
#include <condition_variable>
#include <mutex>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/snapshot/section_opener.h"
#include "common/state/operator_state.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"
#include "tests/unit/common/fs/faulty_file_system.h"

namespace weir::worker {
namespace {

using fs::testing::FaultyFileSystem;
using Fault = FaultyFileSystem::Fault;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kText(3000, 'x');  // More than travels in an acknowledgement.

class Frozen final : public state::FrozenState {
 public:
  Status write(state::SectionWriter& to) const override {
    return state::writeOperatorState(
        to, {state::operatorInfo<std::string>(), {state::encodeElement(kText)}});
  }
};

class StoppedClock final : public Clock {
 public:
  SteadyTime now() const override { return now_; }
  WallTime wallNow() const override { return {}; }
  void advance(Duration duration) { now_ += duration; }

 private:
  SteadyTime now_{std::chrono::hours(1)};
};

/// One store on one disk, and what it reports of one snapshot.
class OneSnapshot {
 public:
  runtime::WorkerReport take() {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<runtime::WorkerReport> report;
    runtime::CheckpointStorage storage;
    storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    storage.directory = "file:/checkpoints/job";
    storage.inline_threshold = 400;
    SnapshotStore store({JobId(), AttemptId(2), LeaderEpoch(1)},
                        storage,
                        files,
                        random_,
                        clock,
                        [&](auto one) {
                          const std::lock_guard lock(mutex);
                          report = std::move(one);
                          arrived.notify_all();
                        },
                        {});
    Snapshot snapshot;
    snapshot.task_name = "Count";
    snapshot.order.checkpoint = CheckpointId(7);
    for (const char* name : {"Sum", "Sink"}) {
      FrozenOperator& one = snapshot.operators.emplace_back();
      one.name = name;
      one.state = std::make_unique<Frozen>();
    }
    store.store(std::move(snapshot));
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return report.has_value(); });
    return *report;
  }
  /// Whether all that was acknowledged can be read as it was written.
  void expectRestorable(const runtime::CheckpointAck& ack) {
    for (const runtime::OperatorSnapshot& one : ack.operators) {
      const auto section = snapshot::SectionOpener(files.memory()).open(one.handle);
      ASSERT_TRUE(section) << section.error().text();
      const auto states = state::readOperatorStates(**section);
      ASSERT_TRUE(states) << states.error().text();
      EXPECT_EQ(
          *state::decodeElement<std::string>((*states)[0].elements[0], (*states)[0].info.schema),
          kText);
    }
  }

  FaultyFileSystem files;
  StoppedClock clock;

 private:
  SeededRandom random_{1};
};

TEST(SnapshotFaultsTest, WhatCannotBeWrittenIsDeclinedWithASentenceAndWhatIsAcknowledgedIsThere) {
  for (const Fault fault : {Fault::kRefused, Fault::kUntold, Fault::kFull, Fault::kCrash}) {
    for (std::uint64_t at = 1;; ++at) {
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at " +
                   std::to_string(at));
      OneSnapshot one;
      one.files.plan(at, fault);
      const runtime::WorkerReport report = one.take();
      if (!one.files.struck()) {
        ASSERT_TRUE(std::holds_alternative<runtime::CheckpointAck>(report));
        one.expectRestorable(std::get<runtime::CheckpointAck>(report));
        ASSERT_GT(at, 2U);
        break;
      }
      ASSERT_TRUE(std::holds_alternative<runtime::CheckpointDecline>(report));
      const std::string& reason = std::get<runtime::CheckpointDecline>(report).reason;
      EXPECT_THAT(reason, HasSubstr("Count (1)"));
      EXPECT_THAT(reason, HasSubstr(fault == Fault::kFull ? "no space left" : "the disk"));
      if (fault == Fault::kCrash) {
        one.files.restart(0);
      }
      if (fault != Fault::kUntold) {  // Else the file may be there, whole and named by nobody.
        EXPECT_THAT(one.files.memory().files(), IsEmpty());
      }
      one.expectRestorable(std::get<runtime::CheckpointAck>(one.take()));  // The next one works.
    }
  }
}

TEST(SnapshotFaultsTest, ASlowDiskIsSeenInTheTimeThatWritingTook) {
  OneSnapshot one;
  one.files.beSlow([&] { one.clock.advance(std::chrono::milliseconds(50)); });
  const auto ack = std::get<runtime::CheckpointAck>(one.take());
  EXPECT_EQ(ack.write_millis, 50 * one.files.operations());
  EXPECT_GE(one.files.operations(), 2U);
  one.expectRestorable(ack);
}

}  // namespace
}  // namespace weir::worker
