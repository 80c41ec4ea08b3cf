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

TEST(LeaseGlanceTest, LooksOnceInAWhileAndAtOnceAfterAPause) {
  LeaseGlance glance;
  constexpr std::int64_t kStart = 1'000'000'000'000;
  constexpr auto kTrust = static_cast<std::int64_t>(LeaseGlance::kTrustNanos);
  EXPECT_TRUE(glance.due(kStart));
  EXPECT_FALSE(glance.due(kStart));
  EXPECT_FALSE(glance.due(kStart + kTrust));
  EXPECT_TRUE(glance.due(kStart + kTrust + 1));
  EXPECT_FALSE(glance.due(kStart + kTrust + 2));
  EXPECT_TRUE(glance.due(kStart + 3'600'000'000'000));
}

TEST(LeaseGlanceTest, LooksWhenTheClockWasSetBack) {
  LeaseGlance glance;
  EXPECT_TRUE(glance.due(2'000'000'000'000));
  EXPECT_TRUE(glance.due(1'000'000'000'000));
  EXPECT_FALSE(glance.due(1'000'000'000'000));
}

TEST(LeaseGlanceTest, EndsTheProcessOfALeaseThatHasRunOut) {
  Lease lease;
  LeaseGlance glance(&lease);
  glance.enforce();
  lease.renew(nanosSinceBoot() - 1);
  const auto pass = [&] {
    const std::int64_t start = coarseNanos();
    while (static_cast<std::uint64_t>(coarseNanos() - start) <= LeaseGlance::kTrustNanos) {
    }
    glance.enforce();
  };
  EXPECT_EXIT(pass(), ::testing::ExitedWithCode(Lease::kExitStatus), "has run out");
  LeaseGlance().enforce();
}

}  // namespace
}  // namespace weir
