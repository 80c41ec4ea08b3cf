#include "jobmanager/ha/zookeeper/record_set.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"

namespace weir::ha {
namespace {

using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class RecordSetTest : public ::testing::Test {
 protected:
  Mutations after(const std::vector<Change>& changes) {
    Mutations mutations;
    for (const Change& change : changes) {
      addMutations(
          change,
          "r",
          [this](const std::string& name) { return stored_.contains(name); },
          mutations);
    }
    return mutations;
  }
  PutJob put() const {
    PutJob put;
    put.request.job = job_;
    return put;
  }

  SystemRandom random_;
  const JobId job_ = JobId::random(random_);
  const OperationId operation_ = OperationId::random(random_);
  std::set<std::string> stored_;
};

TEST_F(RecordSetTest, OfAJobThatIsNotStoredNothingIsWritten) {
  EXPECT_THAT(after({PutCheckpoints{job_, {}}, CancelJob{job_}, RemoveJob{job_}}), IsEmpty());
}

TEST_F(RecordSetTest, AJobThatIsPutBeforeInTheSameWriteIsStored) {
  EXPECT_THAT(
      after({put(), CancelJob{job_}}),
      UnorderedElementsAre(Pair(jobRecord(job_), std::optional<std::string>("r")),
                           Pair(jobRecord(job_) + "/cancelled", std::optional<std::string>("r"))));
}

TEST_F(RecordSetTest, ARemovalTakesAllOfTheJobAndWhatWasPutInTheSameWriteIsNeverWritten) {
  stored_ = {jobRecord(job_), jobRecord(job_) + "/attempt"};
  EXPECT_THAT(after({CancelJob{job_}, RemoveJob{job_}}),
              UnorderedElementsAre(Pair(jobRecord(job_), std::nullopt),
                                   Pair(jobRecord(job_) + "/attempt", std::nullopt)));
  stored_.clear();
  EXPECT_THAT(after({put(), CancelJob{job_}, RemoveJob{job_}}), IsEmpty());
}

TEST_F(RecordSetTest, AnUpgradeThatIsAnsweredNeedsItsRequestNoMore) {
  stored_ = {upgradeRecord(operation_)};
  PutUpgradeProgress answered;
  answered.operation = operation_;
  answered.progress.step = UpgradeStep::kAnswered;
  const auto mutations = after({answered});
  EXPECT_EQ(mutations.at(upgradeRecord(operation_)), std::nullopt);
  EXPECT_EQ(mutations.size(), 2U);
}

TEST_F(RecordSetTest, ProgressOfAnUpgradeThatNobodyBeganIsNotWritten) {
  PutUpgradeProgress progress;
  progress.operation = operation_;
  EXPECT_THAT(after({progress}), IsEmpty());
}

TEST_F(RecordSetTest, WhatAnImageKeepsHasTheNamesOfItsRecordsWhateverStandsInThem) {
  DeployedAttempt attempt;
  attempt.execution.job = job_;
  PutUpgrade upgrade;
  upgrade.upgrade.request.operation = operation_;
  StoredDisposal disposal;
  disposal.request.operation = operation_;
  const std::vector<Change> changes{
      put(),
      PutCheckpoints{job_, {}},
      attempt,
      CancelJob{job_},
      SavepointAnswer{operation_, job_, Error(ErrorCode::kIo, "full")},
      upgrade,
      PutUpgradeProgress{operation_, {}},
      disposal};
  JournalImage image;
  std::set<std::string> written;
  for (const Change& change : changes) {
    image.apply(change, "no record");
    written.insert(recordName(change));
  }
  std::set<std::string> kept;
  for (const RecordKey& key : image.keys()) {
    kept.insert(recordName(key));
  }
  EXPECT_EQ(kept, written);
  EXPECT_EQ(image.size(), changes.size());
  EXPECT_EQ(image.records().size(), changes.size());
}

}  // namespace
}  // namespace weir::ha
