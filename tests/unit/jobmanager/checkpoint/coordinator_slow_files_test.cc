// Checkpoints on a file system that is slow: they become rare, and nothing piles up.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/sim/slow_executor.h"
#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// Acknowledges every snapshot as soon as it is triggered.
class ReadyTasks final : public CheckpointedTasks {
 public:
  ReadyTasks(concurrency::Executor& strand, const graph::JobGraph& graph)
      : strand_(strand), graph_(graph) {}

  void trigger(const runtime::CheckpointOrder& order) override {
    triggered.push_back(order.checkpoint.value());
    strand_.post([this, id = order.checkpoint] {
      for (const graph::JobVertex& vertex : graph_.vertices) {
        runtime::CheckpointAck ack;
        ack.checkpoint = id;
        ack.task = {vertex.id, 0};
        coordinator->acknowledge(ack);
      }
    });
  }
  void point(ha::JobCheckpoints /*checkpoints*/, Callback<std::monostate> done) override {
    done(ok());
  }
  void notify(CheckpointId id, bool completed) override {
    (completed ? notified : aborted).push_back(id.value());
  }
  std::string describe(const runtime::TaskId& task) const override { return task.vertex.hex(); }
  std::string hostOf(const runtime::TaskId& /*task*/) const override { return ""; }
  std::string heldUp(const runtime::TaskId& /*task*/, std::int64_t /*since*/) const override {
    return "";
  }
  void checkpointCompleted(CheckpointId /*id*/) override {}

  CheckpointCoordinator* coordinator = nullptr;
  std::vector<std::uint64_t> triggered;
  std::vector<std::uint64_t> notified;
  std::vector<std::uint64_t> aborted;

 private:
  concurrency::Executor& strand_;
  const graph::JobGraph& graph_;
};

class SlowFilesTest : public CoordinatorFixture {
 protected:
  SlowFilesTest() {
    auto slow = std::make_unique<sim::SlowExecutor>(time_, [this] { return cost_; });
    slow_ = slow.get();
    io_ = std::move(slow);
  }
  void startReady() {
    start(ready_);
    ready_.coordinator = &*coordinator_;
  }

  Duration cost_ = 5s;  // Of a piece of file work.
  sim::SlowExecutor* slow_ = nullptr;
  ReadyTasks ready_{strand_, graph_};
};

TEST_F(SlowFilesTest, BeginsTheNextWhenTheLastIsStored) {
  startReady();
  time_.advance(1s + 4900ms);
  EXPECT_THAT(ready_.triggered, ElementsAre(1));
  time_.advance(200ms);
  EXPECT_THAT(ready_.notified, ElementsAre(1));
  EXPECT_THAT(ready_.triggered, ElementsAre(1, 2));
}

TEST_F(SlowFilesTest, LetsAsManyRunAsAreAllowedUntilTheyAreStored) {
  graph_.checkpoints.max_concurrent = 3;
  startReady();
  time_.advance(5500ms);
  EXPECT_THAT(ready_.triggered, ElementsAre(1, 2, 3));
}

TEST_F(SlowFilesTest, CountsTheMinimumPauseFromWhenOneWasStored) {
  graph_.checkpoints.min_pause = 3s;
  startReady();
  time_.advance(1s + 5s + 2900ms);
  EXPECT_THAT(ready_.triggered, ElementsAre(1));
  time_.advance(200ms);
  EXPECT_THAT(ready_.triggered, ElementsAre(1, 2));
}

TEST_F(SlowFilesTest, ShowsHowLongItTookUntilItWasStored) {
  startReady();
  time_.advance(7s);
  EXPECT_EQ(coordinator_->history().views().back()->duration_millis, 5000);
}

TEST_F(SlowFilesTest, LetsNothingPileUp) {
  graph_.checkpoints.interval = 1ms;
  startReady();
  for (int i = 0; i < 100; ++i) {
    time_.advance(1s);
    ASSERT_LE(slow_->waiting(), 3U);
    ASSERT_LE(testing::unmarked(files_).size(), 3U);
  }
}

TEST_F(SlowFilesTest, TakesASavepointAfterAWhileInItsOwnTime) {
  graph_.checkpoints.interval = 1ms;
  startReady();
  time_.advance(10min);
  bool done = false;
  coordinator_->takeSavepoint(
      {.keep = [](const runtime::CheckpointMetadata&,
                  const Callback<KeptSavepoint>& kept) { kept(KeptSavepoint{}); },
       .progress = {},
       .done = [&](const Result<runtime::SavepointResult>& result) { done = result.has_value(); }});
  EXPECT_TRUE(time_.runUntil([&] { return done; }, 20s));
}

TEST_F(SlowFilesTest, EndsItsJobSoonAfterManyCheckpoints) {
  graph_.checkpoints.interval = 1ms;
  startReady();
  time_.advance(10min);
  coordinator_->stop(Error(ErrorCode::kCancelled, "over"));
  bool ended = false;
  coordinator_->end(false, [&] { ended = true; });
  EXPECT_TRUE(time_.runUntil([&] { return ended; }, 30s));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SlowFilesTest, BeginsNoneWhileTooManyRemovalsAreOutstanding) {
  setup_.most_removals = 3;
  start();
  cost_ = 15s;
  for (std::uint64_t id = 1; id <= 10; ++id) {
    time_.advance(1s);
    coordinator_->decline({{}, CheckpointId(id), {testing::operatorId(1), 0}, "no"});
  }
  EXPECT_THAT(tasks_.triggered, ElementsAre(1, 2, 3));
  time_.advance(10s);
  EXPECT_THAT(tasks_.triggered, Contains(4));
}

TEST_F(SlowFilesTest, RemovesWhatLongAbortedOnesLeft) {
  cost_ = 0s;
  start();
  const std::string late = "/c/" + testing::jobId(1).hex() + "/chk-1/00000001-0-1-0a1b2c3d";
  for (std::uint64_t id = 1; id <= 1010; ++id) {
    time_.advance(1s);
    coordinator_->decline({{}, CheckpointId(id), {testing::operatorId(1), 0}, "no"});
    if (id == 5) {
      ASSERT_TRUE(fs::writeAll(files_, late, "x"));
    }
  }
  time_.advance(1s);
  EXPECT_THAT(testing::unmarked(files_), Not(Contains(HasSubstr("chk-1/"))));
}

}  // namespace
}  // namespace weir::jobmanager
