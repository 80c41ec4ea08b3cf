#include "jobmanager/ha/awaited_files.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/elastic_pool.h"
#include "common/fs/progress.h"

namespace weir::ha {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class AwaitedFilesTest : public ::testing::Test {
 protected:
  ~AwaitedFilesTest() override { io_.shutdown(seconds(20)); }

  concurrency::ElasticPool io_{"files", 2};
  const FileWait wait_{io_, milliseconds(200), "/ha"};
};

TEST_F(AwaitedFilesTest, WhatTheWorkComesToIsTheAnswer) {
  EXPECT_EQ(*awaitFiles(wait_, []() -> Result<int> { return 7; }), 7);
  const Status failed =
      awaitFiles(wait_, []() -> Status { return Error(ErrorCode::kIo, "broken"); });
  EXPECT_EQ(failed.error().code(), ErrorCode::kIo);
}

TEST_F(AwaitedFilesTest, WorkThatHangsIsGivenUpWithWhereAndForHowLong) {
  std::promise<void> let_go;
  const auto hung = awaitFiles(wait_, [gate = let_go.get_future().share()]() -> Result<int> {
    gate.wait();
    return 7;
  });
  ASSERT_FALSE(hung.has_value());
  EXPECT_EQ(hung.error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(hung.error().text(), HasSubstr("in /ha hangs, and was given up after 0.20 s"));
  EXPECT_EQ(*awaitFiles(wait_, []() -> Result<int> { return 8; }), 8) << "beside it";
  let_go.set_value();
}

TEST_F(AwaitedFilesTest, WorkThatGoesOnIsWaitedForHoweverLong) {
  const Status done = awaitFiles({io_, seconds(1), "/ha"}, []() -> Status {
    for (int i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(milliseconds(100));
      fs::noteProgress();
    }
    return ok();
  });
  EXPECT_TRUE(done.has_value()) << done.error().text();
}

TEST_F(AwaitedFilesTest, WhoWaitsWhenTheExecutorEndsIsAnswered) {
  io_.shutdown(seconds(20));
  EXPECT_EQ(awaitFiles(wait_, [] { return ok(); }).error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace weir::ha
