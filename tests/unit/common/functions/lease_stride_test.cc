#include "common/functions/lease_stride.h"

#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/stream_operators.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir::functions {
namespace {

using std::chrono::nanoseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(LeaseStrideTest, IsOneUntilManyRecordsWereQuick) {
  LeaseStride stride;
  EXPECT_EQ(stride.length(), 1U);
  stride.took(LeaseStride::kLong - 1, nanoseconds(1));
  EXPECT_EQ(stride.length(), 1U);
  stride.took(1000, nanoseconds(99'000));
  EXPECT_EQ(stride.length(), LeaseStride::kLong);
  stride.took(3, nanoseconds(3'000'000));  // Says nothing.
  EXPECT_EQ(stride.length(), LeaseStride::kLong);
  stride.took(1000, nanoseconds(100'000));
  EXPECT_EQ(stride.length(), 1U);
}

void letTheGlanceGrowOld() {
  const std::int64_t start = coarseNanos();
  while (static_cast<std::uint64_t>(coarseNanos() - start) <= LeaseGlance::kTrustNanos) {
  }
}

/// Says each record; at record 3 its worker is stopped for longer than its lease runs.
struct Say {
  Lease* lease;
  void operator()(const int& value) const {
    std::fprintf(stderr, "invoked %d\n", value);
    if (value == 3) {
      letTheGlanceGrowOld();
      lease->renew(nanosSinceBoot() - 1);
    }
  }
};

TEST(LeasedOperatorTest, ASinkIsNotInvokedAgainOnceItsWorkerIsGivenUp) {
  Lease lease;
  FakeContext context;
  context.setLease(lease);
  OneInputOperator<SinkStep, Say, int, NoOutput, NoKey, NoSelector> sink(Say{&lease}, {});
  sink.setup(context);
  EXPECT_EXIT(feed<int>(sink, {1, 2, 3, 4, 5}),
              ::testing::ExitedWithCode(Lease::kExitStatus),
              AllOf(HasSubstr("invoked 3\n"),
                    Not(HasSubstr("invoked 4\n")),
                    HasSubstr("the lease of this worker has run out")));
}

TEST(LeasedOperatorTest, AMapStopsWithinItsBatch) {
  struct SayAndPass {
    Say say;
    int operator()(const int& value) const {
      say(value);
      return value;
    }
  };
  Lease lease;
  FakeContext context;
  context.setLease(lease);
  OneInputOperator<MapStep, SayAndPass, int, int, NoKey, NoSelector> map(SayAndPass{{&lease}}, {});
  map.setup(context);
  Received<int> received;
  map.addOutput(received);
  std::vector<int> records(1000);
  for (int i = 0; i < 1000; ++i) {
    records[static_cast<std::size_t>(i)] = i;
  }
  EXPECT_EXIT(feed<int>(map, records),
              ::testing::ExitedWithCode(Lease::kExitStatus),
              AllOf(HasSubstr("invoked 3\n"), Not(HasSubstr("invoked 64\n"))));
}

TEST(LeasedOperatorTest, ASinkWhoseWorkerIsWantedSeesEveryRecord) {
  Lease lease;
  lease.renew(nanosSinceBoot() + 3'600'000'000'000);
  FakeContext context;
  context.setLease(lease);
  std::vector<int> seen;
  const auto keep = [&seen](const int& value) { seen.push_back(value); };
  OneInputOperator<SinkStep, decltype(keep), int, NoOutput, NoKey, NoSelector> sink(keep, {});
  sink.setup(context);
  const std::vector<int> records(1000, 7);
  for (int i = 0; i < 3; ++i) {
    feed<int>(sink, records);
  }
  EXPECT_EQ(seen.size(), 3000U);
}

}  // namespace
}  // namespace weir::functions
