#include "jobmanager/scheduler/job_events.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

class Listener final : public JobListener {
 public:
  void jobEvent(JobId /*job*/, const runtime::JobEvent& /*event*/) override { ++events; }
  void jobChanged(JobId /*job*/) override {}
  void savepointEnded(const ha::SavepointAnswer& /*answer*/) override {}
  void jobEnded(JobId /*job*/) override {}
  int events = 0;
};

runtime::JobEvent saying(const std::string& cause) {
  return runtime::JobStateChange{0, runtime::JobState::kFailing, cause};
}

TEST(JobEventsTest, ForgetsTheOldestBeyondItsBytes) {
  Listener listener;
  JobEvents events(testing::jobId(1), 4096, listener);
  for (int i = 0; i < 10; ++i) {
    events.add(saying(std::to_string(i) + std::string(1000, 'x')));
  }
  ASSERT_EQ(events.past().size(), 3U);
  EXPECT_EQ(std::get<runtime::JobStateChange>(events.past().front()).cause.front(), '7');
  EXPECT_EQ(listener.events, 10);
}

TEST(JobEventsTest, RemembersTheNewestThoughItIsLargerThanItsBound) {
  Listener listener;
  JobEvents events(testing::jobId(1), 100, listener);
  events.add(saying("small"));
  events.add(runtime::JobResult{.cause = std::string(1000, 'x'), .accumulators = {}});
  ASSERT_EQ(events.past().size(), 1U);
  EXPECT_TRUE(std::holds_alternative<runtime::JobResult>(events.past().front()));
}

TEST(JobEventsTest, RemembersAThousandSmallOnes) {
  Listener listener;
  JobEvents events(testing::jobId(1), 1 << 30, listener);
  for (int i = 0; i < 1500; ++i) {
    events.add(saying(""));
  }
  EXPECT_EQ(events.past().size(), 1000U);
}

}  // namespace
}  // namespace weir::jobmanager
