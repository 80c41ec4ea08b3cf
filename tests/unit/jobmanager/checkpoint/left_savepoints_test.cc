#include "jobmanager/checkpoint/left_savepoints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class LeftSavepointsTest : public ::testing::Test {
 protected:
  LeftSavepointsTest() {
    stored_.retained = {{CheckpointId(4), false, "/c/chk-4"}};
    ha::BegunSavepoint& one = stored_.begun.emplace_back();
    one.id = CheckpointId(7);
    one.operation = OperationId::random(random_);
    one.path = whole_.path = "file:/s/savepoint-1";
    whole_.metadata.checkpoint = CheckpointId(7);
    whole_.metadata.data_directory = "/c/chk-7";
  }
  Result<runtime::SavepointResult> complete(runtime::StopMode stop = runtime::StopMode::kNone) {
    stored_.begun[0].stop = stop;
    return completeLeft(stored_, stored_.begun[0], whole_, job_);
  }

  SeededRandom random_{1};
  graph::JobGraph graph_ = testing::twoVertices(1);
  LeftSavepointJob job_{graph_, "/c", 1};
  ha::JobCheckpoints stored_;
  snapshot::Opened whole_;
};

TEST_F(LeftSavepointsTest, TheJobRecoversFromOneThatIsWholeAndItsFilesStay) {
  const auto result = complete();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->path, whole_.path);
  EXPECT_EQ(result->points_to, "/c/chk-7");
  EXPECT_EQ(result->checkpoint, CheckpointId(7));
  EXPECT_THAT(stored_.retained,
              ElementsAre(ha::CheckpointPointer{CheckpointId(7), true, "/c/chk-7"}));
  EXPECT_THAT(stored_.pinned, ElementsAre(CheckpointId(7)));
  EXPECT_THAT(stored_.discards, ElementsAre(CheckpointId(4)));
  EXPECT_FALSE(stored_.stopped.has_value());
  EXPECT_THAT(unsettledIn(stored_), IsEmpty());
}

TEST_F(LeftSavepointsTest, OneThatIsOlderThanWhatTheJobRecoversFromIsOnlyKept) {
  stored_.retained = {{CheckpointId(9), false, "/c/chk-9"}};
  ASSERT_TRUE(complete());
  EXPECT_EQ(stored_.retained.back().id, CheckpointId(9));
  EXPECT_THAT(stored_.pinned, ElementsAre(CheckpointId(7)));
  EXPECT_THAT(stored_.discards, IsEmpty());
}

TEST_F(LeftSavepointsTest, TheJobHasStoppedWithOneThatStopsIt) {
  const auto result = complete(runtime::StopMode::kSuspend);
  ASSERT_TRUE(result);
  ASSERT_TRUE(stored_.stopped.has_value());
  EXPECT_EQ(stored_.stopped->operation, stored_.begun[0].operation);
  EXPECT_EQ(stored_.stopped->result.path, whole_.path);
}

TEST_F(LeftSavepointsTest, AJobThatHasGoneOnSinceDoesNotStopWithIt) {
  stored_.retained = {{CheckpointId(9), false, "/c/chk-9"}};
  EXPECT_FALSE(complete(runtime::StopMode::kSuspend));
  EXPECT_FALSE(stored_.stopped.has_value());
  EXPECT_THAT(stored_.pinned, ElementsAre(CheckpointId(7)));
}

TEST_F(LeftSavepointsTest, AJobThatHadEndedIsNotToRecoverFromIt) {
  stored_.retained = {};
  stored_.result.emplace();
  ASSERT_TRUE(complete());
  EXPECT_THAT(stored_.retained, IsEmpty());
  EXPECT_THAT(stored_.pinned, ElementsAre(CheckpointId(7)));
}

TEST_F(LeftSavepointsTest, StateOnTheJobManagerEndedWithIt) {
  job_.directory.clear();
  ASSERT_TRUE(complete());
  EXPECT_THAT(stored_.pinned, IsEmpty());
  EXPECT_EQ(stored_.retained.back().id, CheckpointId(4));
}

TEST_F(LeftSavepointsTest, OfOneThatWasCutShortNothingIsLeftToLookAt) {
  cutLeft(stored_, CheckpointId(7));
  EXPECT_EQ(stored_.begun[0].path, "");
}

TEST_F(LeftSavepointsTest, OneThatCannotBeLookedAtStopsNothing) {
  stored_.begun[0].stop = runtime::StopMode::kDrain;
  stored_.begun[0].cancel_job = true;
  leaveLeft(stored_, CheckpointId(7));
  EXPECT_EQ(stored_.begun[0].stop, runtime::StopMode::kNone);
  EXPECT_FALSE(stored_.begun[0].cancel_job);
  EXPECT_EQ(stored_.begun[0].path, whole_.path);
}

}  // namespace
}  // namespace weir::jobmanager
