#include "jobmanager/upgrade/stored_progress.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::ElementsAre;

/// Answers when a test says so.
class SlowStore final : public ha::JobStore {
 public:
  using Done = ha::Answer<std::monostate>;
  void beginTerm(ha::Answer<ha::Term> done) override { done(ha::Term()); }
  void write(LeaderEpoch, ha::Change change, Done done) override {
    if (const auto* put = std::get_if<ha::PutUpgradeProgress>(&change)) {
      steps.push_back(static_cast<int>(put->progress.step));
      waiting.push_back(std::move(done));
    } else {
      done(ok());
    }
  }
  std::vector<int> steps;
  std::vector<Done> waiting;
};

class StoredProgressTest : public ::testing::Test {
 protected:
  void write(ha::UpgradeStep step) {
    ha::UpgradeProgress progress;
    progress.step = step;
    progress_.write(progress, [this, step] { done_.push_back(static_cast<int>(step)); });
  }
  void answer(std::size_t write, const Status& status = ok()) {
    store_.waiting.at(write)(status);
    time_.runDue();
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  SlowStore store_;
  ha::LeaderStore leader_{store_, strand_, LeaderEpoch(1), [](const Error&) {}};
  StoredProgress progress_{OperationId(), leader_, strand_};
  std::vector<int> done_;
};

TEST_F(StoredProgressTest, ActsOnTheNewestStepOnly) {
  write(ha::UpgradeStep::kStopped);
  write(ha::UpgradeStep::kStart);
  answer(0);
  EXPECT_THAT(done_, ElementsAre());
  answer(1);
  EXPECT_THAT(done_, ElementsAre(2));
}

TEST_F(StoredProgressTest, RepeatsAWriteThatIsRefusedAsItIsByThen) {
  write(ha::UpgradeStep::kStopped);
  answer(0, Error(ErrorCode::kResourceExhausted, "the disk is full"));
  write(ha::UpgradeStep::kStart);
  answer(1, Error(ErrorCode::kResourceExhausted, "the disk is full"));
  time_.advance(1s);
  EXPECT_THAT(store_.steps, ElementsAre(1, 2, 2));
  answer(2);
  EXPECT_THAT(done_, ElementsAre(2));
  time_.advance(5s);
  EXPECT_THAT(store_.steps, ElementsAre(1, 2, 2));
}

TEST_F(StoredProgressTest, LetsThoseGoWhoWaitForWhatIsStored) {
  std::vector<std::string> gone;
  progress_.whenStored([&] { gone.emplace_back("nothing was written"); });
  write(ha::UpgradeStep::kStopped);
  progress_.whenStored([&] { gone.emplace_back("first"); });
  write(ha::UpgradeStep::kStart);
  progress_.whenStored([&] { gone.emplace_back("second"); });
  EXPECT_THAT(gone, ElementsAre("nothing was written"));
  answer(0);
  EXPECT_THAT(gone, ElementsAre("nothing was written", "first"));
  answer(1);
  EXPECT_THAT(gone, ElementsAre("nothing was written", "first", "second"));
}

TEST_F(StoredProgressTest, HoldsNobodyOnceItIsAbandoned) {
  int gone = 0;
  write(ha::UpgradeStep::kStopped);
  progress_.whenStored([&] { ++gone; });
  progress_.abandon();
  EXPECT_EQ(gone, 1);
  answer(0);
  EXPECT_THAT(done_, ElementsAre());
}

}  // namespace
}  // namespace weir::jobmanager
