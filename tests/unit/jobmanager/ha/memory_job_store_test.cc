#include "jobmanager/ha/memory_job_store.h"

#include <gtest/gtest.h>

#include "common/base/random.h"

namespace weir::ha {
namespace {

class MemoryJobStoreTest : public ::testing::Test {
 protected:
  Term newTerm() { return *beginTerm(store_, std::chrono::seconds(1)); }
  Status put(LeaderEpoch epoch, const runtime::SubmitRequest& request = {}) {
    return ask([&](auto done) { store_.write(epoch, PutJob{request}, done); });
  }
  Status point(LeaderEpoch epoch, const JobCheckpoints& checkpoints) {
    return ask([&](auto done) { store_.write(epoch, PutCheckpoints{job_, checkpoints}, done); });
  }
  template <typename Call>
  Status ask(Call call) {
    Status answer = Error(ErrorCode::kInternal, "no answer");
    call([&](Status written) { answer = std::move(written); });
    return answer;
  }

  SeededRandom random_{1};
  MemoryJobStore store_;
  const LeaderEpoch epoch_ = newTerm().epoch;
  const JobId job_ = JobId::random(random_);
};

TEST_F(MemoryJobStoreTest, HandsTheNextLeaderJobsWithTheirCheckpointsUntilTheyAreRemoved) {
  runtime::SubmitRequest request;
  request.job = job_;
  ASSERT_TRUE(put(epoch_, request));
  ASSERT_TRUE(put(epoch_, request));
  const JobCheckpoints checkpoints{
      {{CheckpointId(3), false, "file:/chk-3"}}, {CheckpointId(2)}, CheckpointId(20)};
  ASSERT_TRUE(point(epoch_, checkpoints));
  const Term next = newTerm();
  ASSERT_EQ(next.jobs.size(), 1U);
  EXPECT_EQ(next.jobs[0].request.job, job_);
  EXPECT_EQ(next.jobs[0].checkpoints, checkpoints);
  ASSERT_TRUE(ask([&](auto done) { store_.write(next.epoch, RemoveJob{job_}, done); }));
  EXPECT_TRUE(newTerm().jobs.empty());
}

TEST_F(MemoryJobStoreTest, FencesWritesOfAnOlderLeader) {
  const LeaderEpoch newer = newTerm().epoch;
  EXPECT_GT(newer, epoch_);
  const Status late = put(epoch_);
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), ErrorCode::kFenced);
  EXPECT_FALSE(point(epoch_, {}));
  EXPECT_TRUE(put(newer));
}

TEST_F(MemoryJobStoreTest, RemembersTheAnswersOfTheLastSavepoints) {
  std::vector<OperationId> operations;
  for (std::size_t i = 0; i <= MemoryJobStore::kSavepoints; ++i) {
    operations.push_back(OperationId::random(random_));
    runtime::SavepointResult result;
    result.path = operations.back().hex();
    ASSERT_TRUE(ask([&](auto done) {
      store_.write(epoch_, SavepointAnswer{operations.back(), job_, result}, done);
    }));
  }
  const Term next = newTerm();
  ASSERT_EQ(next.savepoints.size(), MemoryJobStore::kSavepoints);
  EXPECT_EQ(next.savepoints.front().operation, operations[1]);
  EXPECT_EQ(next.savepoints.back().result->path, operations.back().hex());
}

}  // namespace
}  // namespace weir::ha
