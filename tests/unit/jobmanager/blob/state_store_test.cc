#include "jobmanager/blob/state_store.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"
#include "common/fs/digest.h"
#include "tests/unit/jobmanager/blob/manual_clock.h"

namespace weir::blob {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::HasSubstr;

class StateStoreTest : public ::testing::Test {
 protected:
  std::optional<Error> refusal(std::uint64_t bytes) {
    const auto room = store_.reserve(job_, bytes);
    return room ? std::nullopt : std::optional(room.error());
  }
  runtime::BlobKey upload(const std::string& bytes, JobId job) {
    auto room = store_.reserve(job, bytes.size());
    EXPECT_TRUE(room.has_value());
    return store_.put(job, bytes, *std::move(room));
  }
  runtime::BlobKey upload(const std::string& bytes) { return upload(bytes, job_); }

  ManualClock clock_;
  SeededRandom random_{1};
  const JobId job_ = JobId::random(random_);
  const JobId other_ = JobId::random(random_);
  StateStore store_{clock_, {.most = 100, .upload_lease = 2min}};
};

TEST_F(StateStoreTest, CountsWhatIsOnItsWayAndNamesJobSizesAndKeyWhenThatIsTooMuch) {
  {
    const auto room = store_.reserve(job_, 60);
    ASSERT_TRUE(room.has_value());
    const auto refused = refusal(41);
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->code(), ErrorCode::kResourceExhausted);
    EXPECT_THAT(refused->text(),
                AllOf(HasSubstr("41 bytes"),
                      HasSubstr("60 bytes"),
                      HasSubstr(job_.hex()),
                      HasSubstr("jobmanager.state.max-size allows 100"),
                      HasSubstr("state.backend: filesystem")));
    EXPECT_FALSE(refusal(40).has_value());
  }
  EXPECT_EQ(store_.bytes(), 0U);
  EXPECT_TRUE(refusal(~std::uint64_t{0}).has_value());  // The sum does not wrap around.
}

TEST_F(StateStoreTest, AnUploadThatNobodyClaimsGoesWithItsLease) {
  const runtime::BlobKey key = upload("state");
  clock_.elapsed = 2min - 1s;
  EXPECT_EQ(store_.expireUploads(), 0U);
  EXPECT_EQ(store_.bytes(), 5U);
  clock_.elapsed = 2min;
  EXPECT_EQ(store_.expireUploads(), 5U);
  EXPECT_EQ(store_.bytes(), 0U);
  const Status late = store_.claim(job_, {{key}, 0});
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(late.error().text(), AllOf(HasSubstr(key.sha256), HasSubstr(job_.hex())));
}

TEST_F(StateStoreTest, WhatNoClaimHoldsAnyMoreGoesAtOnceAndStaysReadableWhereItIsOpen) {
  const runtime::BlobKey key = upload("state");
  ASSERT_TRUE(store_.claim(job_, {{key}, 0}).has_value());
  clock_.elapsed = 1h;
  EXPECT_EQ(store_.expireUploads(), 0U);
  const auto reader = store_.open(key.sha256);
  store_.release({{key}, 0});
  EXPECT_EQ(store_.bytes(), 0U);
  EXPECT_EQ(*(*reader)->read(0, 5), "state");
  EXPECT_FALSE((*reader)->read(3, 3).has_value());
  EXPECT_FALSE(store_.get(key.sha256).has_value());
}

TEST_F(StateStoreTest, EqualStatesAreKeptOnceAndEachUploadWaitsForItsOwnClaim) {
  const runtime::BlobKey key = upload("state");
  upload("state");
  EXPECT_EQ(store_.bytes(), 5U);
  ASSERT_TRUE(store_.claim(job_, {{key}, 0}).has_value());
  store_.release({{key}, 0});  // Its checkpoint is gone before the other's is acknowledged.
  ASSERT_TRUE(store_.claim(job_, {{key}, 0}).has_value());
  EXPECT_EQ(*store_.get(key.sha256), "state");
  store_.release({{key}, 0});
  EXPECT_EQ(store_.bytes(), 0U);
}

TEST_F(StateStoreTest, AnUploadThatWasTriedAgainAfterItsAnswerWasLostLeavesNothing) {
  const runtime::BlobKey key = upload("state");
  upload("state");
  ASSERT_TRUE(store_.claim(job_, {{key}, 0}).has_value());
  store_.release({{key}, 0});
  clock_.elapsed = 2min;
  store_.expireUploads();
  EXPECT_EQ(store_.bytes(), 0U);
}

TEST_F(StateStoreTest, AJobThatEndsTakesItsOwnUploadsAlongAndNoOthers) {
  upload("state", other_);
  upload("state");
  upload("mine");
  store_.forgetUploads(job_);
  EXPECT_EQ(store_.bytes(), 5U);
  EXPECT_TRUE(store_.claim(other_, {{{fs::sha256("state"), 5}}, 0}).has_value());
}

TEST_F(StateStoreTest, AJobThatEndsTakesUploadsThatAreOnTheirWayAlongAndNoOthers) {
  auto mine = store_.reserve(job_, 4);
  auto others = store_.reserve(other_, 5);
  ASSERT_TRUE(mine.has_value() && others.has_value());
  store_.forgetUploads(job_);
  store_.put(job_, "mine", *std::move(mine));
  store_.put(other_, "state", *std::move(others));
  EXPECT_EQ(store_.bytes(), 5U);
  upload("mine");  // What begins afterwards counts.
  EXPECT_EQ(store_.bytes(), 9U);
}

TEST_F(StateStoreTest, AnUploadThatIsForgottenAndGivenUpIsCountedOnce) {
  {
    const auto room = store_.reserve(job_, 40);
    ASSERT_TRUE(room.has_value());
    store_.forgetUploads(job_);
  }
  EXPECT_EQ(store_.bytes(), 0U);
}

TEST_F(StateStoreTest, ClaimsAllOrNothing) {
  const runtime::BlobKey key = upload("state");
  EXPECT_FALSE(store_.claim(job_, {{key, {fs::sha256("other"), 5}}, 0}).has_value());
  EXPECT_FALSE(store_.claim(job_, {{{key.sha256, 6}}, 0}).has_value());
  const Status too_much = store_.claim(job_, {{key}, 96});
  ASSERT_FALSE(too_much.has_value());
  EXPECT_EQ(too_much.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(store_.bytes(), 5U);
  store_.forgetUploads(job_);  // It is unclaimed still.
  EXPECT_EQ(store_.bytes(), 0U);
}

TEST_F(StateStoreTest, CountsWhatStandsInAcknowledgements) {
  const runtime::BlobKey key = upload("state");
  ASSERT_TRUE(store_.claim(job_, {{key}, 95}).has_value());
  EXPECT_EQ(store_.bytes(), 100U);
  EXPECT_TRUE(refusal(1).has_value());
  store_.release({{key}, 95});
  EXPECT_EQ(store_.bytes(), 0U);
  EXPECT_EQ(store_.released(), 100U);
}

}  // namespace
}  // namespace weir::blob
