#include <gtest/gtest.h>

#include "common/base/random.h"
#include "jobmanager/ha/job_store.h"

namespace weir::ha {
namespace {

class MemoryJobStoreTest : public ::testing::Test {
 protected:
  SeededRandom random_{1};
  MemoryJobStore store_;
  const LeaderEpoch epoch_ = *store_.takeLeadership();
  const JobId job_ = JobId::random(random_);
};

TEST_F(MemoryJobStoreTest, KeepsJobsWithTheirCheckpointsUntilTheyAreRemoved) {
  runtime::SubmitRequest request;
  request.job = job_;
  ASSERT_TRUE(store_.putJob(epoch_, request).has_value());
  ASSERT_TRUE(store_.putJob(epoch_, request).has_value());
  const CheckpointPointer pointer{CheckpointId(3), false, "file:/chk-3"};
  ASSERT_TRUE(store_.putCheckpoints(epoch_, job_, {pointer}).has_value());
  EXPECT_EQ(store_.jobs()->size(), 1U);
  EXPECT_EQ(store_.checkpoints(job_)->front(), pointer);
  ASSERT_TRUE(store_.removeJob(epoch_, job_).has_value());
  EXPECT_TRUE(store_.jobs()->empty());
  EXPECT_TRUE(store_.checkpoints(job_)->empty());
}

TEST_F(MemoryJobStoreTest, FencesWritesOfAnOlderLeader) {
  const LeaderEpoch newer = *store_.takeLeadership();
  EXPECT_GT(newer, epoch_);
  const Status late = store_.putJob(epoch_, {});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), ErrorCode::kFenced);
  EXPECT_FALSE(store_.putCheckpoints(epoch_, job_, {}).has_value());
  EXPECT_TRUE(store_.putJob(newer, {}).has_value());
}

TEST_F(MemoryJobStoreTest, RemembersTheLastOperations) {
  std::vector<Operation> operations(MemoryJobStore::kOperations + 1);
  for (Operation& operation : operations) {
    operation.id = OperationId::random(random_);
    operation.path = operation.id.hex();
    ASSERT_TRUE(store_.putOperation(epoch_, operation).has_value());
  }
  EXPECT_FALSE(store_.operation(operations.front().id)->has_value());
  EXPECT_EQ(store_.operation(operations.back().id)->value().path, operations.back().path);
}

}  // namespace
}  // namespace weir::ha
