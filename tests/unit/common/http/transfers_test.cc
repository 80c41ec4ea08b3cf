#include "common/http/transfers.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/http/chunked_reader.h"
#include "common/http/parts_writer.h"
#include "common/http/retry.h"

namespace weir::http {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

TransferSettings small() {
  TransferSettings settings;
  settings.in_flight = 2;
  settings.part_bytes = 10;
  settings.chunk_bytes = 100 * 1024;
  settings.part_growth = 1;
  settings.chunk_growth = 1;
  settings.shared_bytes = 0;
  settings.most_threads = 4;
  return settings;
}

/// Remembers what a PartsWriter asks for.
class RecordedTarget final : public PartTarget {
 public:
  Status begin() override {
    ++begun;
    return ok();
  }
  Status putPart(std::uint32_t number, std::string_view bytes) override {
    const std::lock_guard lock(mutex);
    if (number == fails) {
      return Error(ErrorCode::kIo, "the part broke");
    }
    parts[number] = bytes;
    return ok();
  }
  Status publishParts(std::uint32_t count, std::uint64_t bytes) override {
    published = std::to_string(count) + " parts, " + std::to_string(bytes) + " bytes";
    return ok();
  }
  Status publishWhole(std::string_view bytes) override {
    published = bytes;
    return ok();
  }
  void stop() override { stopped = true; }
  void abandon() override { abandoned = true; }

  int begun = 0;
  std::uint32_t fails = 1000;
  std::mutex mutex;
  std::map<std::uint32_t, std::string> parts;
  std::string published;
  std::atomic<bool> stopped{false};
  bool abandoned = false;
};

class TransfersTest : public ::testing::Test {
 protected:
  PartsWriter writer() { return {"s3://b/a", target_, transfers_, small()}; }
  ChunkedReader reader(std::uint64_t size) {
    return {"s3://b/a",
            size,
            [this](std::uint64_t offset, std::uint64_t length) -> Result<std::string> {
              const std::lock_guard lock(mutex_);
              fetched_.emplace_back(offset, length);
              if (broken_) {
                return Error(ErrorCode::kIo, "the read broke");
              }
              return std::string(length, static_cast<char>('a' + offset % 7));
            },
            transfers_,
            small()};
  }

  std::shared_ptr<RecordedTarget> target_ = std::make_shared<RecordedTarget>();
  std::mutex mutex_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> fetched_;
  bool broken_ = false;
  Transfers transfers_{std::make_shared<HttpClient>(HttpClient::Settings{}), small()};
};

TEST_F(TransfersTest, ASmallFileIsOneRequest) {
  auto one = writer();
  ASSERT_TRUE(one.append("0123456789").has_value());
  ASSERT_TRUE(one.commit().has_value());
  EXPECT_EQ(target_->published, "0123456789");
  EXPECT_EQ(target_->begun, 0);
  EXPECT_EQ(one.append("x").error().code(), ErrorCode::kFailedPrecondition);
}

TEST_F(TransfersTest, ALargerFileIsPartsOfOneSizeButForTheLast) {
  auto one = writer();
  ASSERT_TRUE(one.append("0123456789abcdefghij").has_value());
  ASSERT_TRUE(one.append("klmno").has_value());
  ASSERT_TRUE(one.commit().has_value());
  EXPECT_EQ(target_->begun, 1);
  EXPECT_EQ(target_->published, "3 parts, 25 bytes");
  EXPECT_EQ(target_->parts[0], "0123456789");
  EXPECT_EQ(target_->parts[1], "abcdefghij");
  EXPECT_EQ(target_->parts[2], "klmno");
  EXPECT_FALSE(target_->abandoned);
}

TEST_F(TransfersTest, APartThatBreaksIsToldAndLeavesNothing) {
  target_->fails = 1;
  {
    auto one = writer();
    const Status appended = one.append(std::string(100, 'x'));
    ASSERT_FALSE(appended.has_value());
    EXPECT_EQ(appended.error().text(), "write s3://b/a: the part broke");
    EXPECT_FALSE(one.commit().has_value());
  }
  EXPECT_TRUE(target_->abandoned);
  EXPECT_TRUE(target_->stopped);
  EXPECT_EQ(target_->published, "");
}

TEST_F(TransfersTest, WhoReadsOnGetsChunksAndWhoJumpsGetsWhatHeAskedFor) {
  const auto one = reader(std::uint64_t{1} << 20);
  ASSERT_TRUE(one.read(500000, 10).has_value());
  ASSERT_TRUE(one.read(1000, 10).has_value());
  EXPECT_EQ(fetched_.size(), 2U);
  EXPECT_EQ(fetched_.back().second, 10U);
  ASSERT_TRUE(one.read(1010, 10).has_value());
  ASSERT_TRUE(one.read(1020, 10).has_value());
  const std::lock_guard lock(mutex_);
  EXPECT_LE(fetched_.size(), 4U);  // The chunk, and the one ahead.
}

TEST_F(TransfersTest, AReadThatBrokeIsTriedAgainByTheNextOne) {
  const auto one = reader(1000);
  broken_ = true;
  EXPECT_EQ(one.read(0, 10).error().text(), "read s3://b/a: the read broke");
  {
    const std::lock_guard lock(mutex_);
    broken_ = false;
  }
  EXPECT_TRUE(one.read(0, 10).has_value());
  EXPECT_EQ(one.read(999, 2).error().code(), ErrorCode::kCorruption);
}

TEST(RetryTest, OnlyWhatMayComeRightIsTriedAgain) {
  int tries = 0;
  const RetryPolicy quick{milliseconds(1), milliseconds(2), milliseconds(1000)};
  const auto third = retried(quick, nullptr, [&](int tried) -> Result<int> {
    ++tries;
    return tried < 2 ? Result<int>(Error(ErrorCode::kUnavailable, "busy")) : Result<int>(7);
  });
  EXPECT_EQ(*third, 7);
  EXPECT_EQ(tries, 3);
  const auto refused = retried(quick, nullptr, [&](int) -> Result<int> {
    ++tries;
    return Error(ErrorCode::kNotFound, "nothing");
  });
  EXPECT_EQ(refused.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(tries, 4);
}

TEST(RetryTest, TheEndIsAnErrorThatSaysHowOften) {
  const RetryPolicy quick{milliseconds(1), milliseconds(2), milliseconds(20)};
  const auto never = retried(
      quick, nullptr, [](int) -> Result<int> { return Error(ErrorCode::kUnavailable, "busy"); });
  EXPECT_EQ(never.error().code(), ErrorCode::kIo);
  EXPECT_THAT(never.error().text(), ::testing::MatchesRegex("busy \\(tried [0-9]+ times\\)"));
}

TEST(RetryTest, AStopEndsThePauses) {
  const std::atomic<bool> stop{true};
  const RetryPolicy slow{std::chrono::hours(1), std::chrono::hours(1), std::chrono::hours(9)};
  const auto stopped = retried(
      slow, &stop, [](int) -> Result<int> { return Error(ErrorCode::kUnavailable, "busy"); });
  EXPECT_FALSE(stopped.has_value());
}

TEST(HttpClientTest, WhoDoesNotAnswerIsNamedWithoutTheQuery) {
  HttpClient client({});
  Request request;
  request.url = "http://127.0.0.1:1/a?token=secret";
  const auto answer = client.perform(request);
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().text(), HasSubstr("GET http://127.0.0.1:1/a: "));
  EXPECT_THAT(answer.error().text(), ::testing::Not(HasSubstr("secret")));
}

TEST_F(TransfersTest, WhatBrokeWhileItWasFetchedAheadIsFetchedAnew) {
  const auto one = reader(1'000'000);
  broken_ = true;
  EXPECT_FALSE(one.read(0, 100'000).has_value()) << "and one more chunk was begun";
  {
    const std::lock_guard lock(mutex_);
    broken_ = false;
  }
  const auto read = one.read(0, 300'000);
  EXPECT_TRUE(read.has_value()) << read.error().text();
}

}  // namespace
}  // namespace weir::http
