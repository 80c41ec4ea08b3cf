#include "common/base/lease.h"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(LeaseTest, DoesNotRunOutBeforeItsFirstRenewal) {
  const Lease lease;
  EXPECT_FALSE(lease.expired());
  lease.enforce();
}

TEST(LeaseTest, RunsOutWhenItsTimeHasPassed) {
  Lease lease;
  lease.renew(nanosSinceBoot() + 3'600'000'000'000);
  EXPECT_FALSE(lease.expired());
  const std::int64_t now = nanosSinceBoot();
  lease.renew(now);
  while (nanosSinceBoot() == now) {
  }
  EXPECT_TRUE(lease.expired());
}

TEST(LeaseTest, EndsTheProcessSayingWhy) {
  Lease lease;
  lease.renew(nanosSinceBoot() - 1);
  EXPECT_EXIT(lease.enforce(),
              ::testing::ExitedWithCode(Lease::kExitStatus),
              "the lease of this worker has run out");
}

}  // namespace
}  // namespace weir
