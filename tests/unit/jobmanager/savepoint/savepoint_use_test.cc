#include "jobmanager/savepoint/savepoint_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using ::testing::HasSubstr;
using testing::jobId;

class Owners final : public SavepointOwners {
 public:
  bool releaseSavepoint(JobId /*job*/, CheckpointId /*id*/) override { return false; }
  bool ownsCheckpoint(JobId job, CheckpointId /*id*/) const override { return running == job; }
  bool isRunning(JobId job) const override { return running == job; }
  bool isReading(JobId job) const override { return reading == job; }
  std::shared_ptr<const runtime::JobProgram> programOf(JobId /*job*/) const override {
    return nullptr;
  }

  JobId running;
  JobId reading;
};

/// A savepoint of job 1 in a directory of its own; job 2 was restored from it.
class SavepointUseTest : public ::testing::Test {
 protected:
  SavepointUseTest() {
    removal_.directory = "file:/s/savepoint-0123456789ab";
    removal_.metadata.job = jobId(1);
    removal_.metadata.savepoint = true;
  }
  std::string refusal(bool force = false) const {
    const Status may = use_.mayDispose(removal_, force);
    return may ? "" : may.error().text();
  }

  Owners owners_;
  SavepointUse use_{owners_, [](const std::string& holder) { return holder == "gone"; }};
  Removal removal_;
};

TEST_F(SavepointUseTest, IsRefusedWhileAnotherJobWouldRecoverFromItUnlessForced) {
  removal_.users = {{jobId(2), "here"}};
  EXPECT_THAT(refusal(), HasSubstr("is in use: job " + jobId(2).hex()));
  EXPECT_EQ(refusal(true), "");
  removal_.users = {{jobId(2), "gone"}};
  EXPECT_EQ(refusal(), "");
}

TEST_F(SavepointUseTest, ItsOwnJobKeepsTheDataWhileItRunsHere) {
  removal_.users = {{jobId(1), "here"}};
  EXPECT_THAT(refusal(), HasSubstr("is in use"));
  owners_.running = jobId(1);
  EXPECT_EQ(refusal(), "");
}

TEST_F(SavepointUseTest, NobodyKnowsWhatAJobHoldsThatIsBeingTakenUpAgain) {
  owners_.reading = jobId(1);
  EXPECT_THAT(refusal(true), HasSubstr("is being taken up again and may need it"));
}

TEST_F(SavepointUseTest, AnOwnerInAnotherClusterDecidesWhereNoOtherMarkTells) {
  removal_.owners = {{jobId(3), "there"}};
  EXPECT_EQ(refusal(), "");
  removal_.owners_decide = true;
  EXPECT_THAT(refusal(), HasSubstr("runs in another cluster (process 'there')"));
  EXPECT_EQ(refusal(true), "");
}

TEST_F(SavepointUseTest, TheDirectoryOfACheckpointIsItsJobsOrItsSavepoints) {
  removal_.directory = "file:/c/" + jobId(1).hex() + "/chk-7";
  EXPECT_THAT(refusal(), HasSubstr("holds the state of a savepoint"));
  EXPECT_EQ(refusal(true), "");
  removal_.metadata.savepoint = false;
  EXPECT_EQ(refusal(), "");
  owners_.running = jobId(1);
  EXPECT_THAT(refusal(true), HasSubstr("which has not ended"));
}

TEST_F(SavepointUseTest, OneOnTheHeapIsRefusedWhileAJobWouldRecoverFromItUnlessForced) {
  const std::string path = "jobmanager://savepoints/1";
  EXPECT_TRUE(SavepointUse::mayDispose(path, {}, false));
  EXPECT_FALSE(SavepointUse::mayDispose(path, {jobId(2)}, false));
  EXPECT_TRUE(SavepointUse::mayDispose(path, {jobId(2)}, true));
}

}  // namespace
}  // namespace weir::jobmanager
