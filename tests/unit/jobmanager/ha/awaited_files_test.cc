#include "jobmanager/ha/awaited_files.h"

#include <future>
#include <stop_token>
#include <string>
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

TEST_F(AwaitedFilesTest, WhoWaitsOnIsToldThatWorkHangsAndGetsWhatItComesTo) {
  std::promise<void> let_go;
  ::testing::internal::CaptureStderr();
  std::thread later([&] {
    std::this_thread::sleep_for(milliseconds(600));  // Three times the patience.
    let_go.set_value();
  });
  const auto answer = outwaitFiles(wait_,
                                   "the test waits",
                                   std::stop_token(),
                                   [gate = let_go.get_future().share()]() -> Result<int> {
                                     gate.wait();
                                     return 7;
                                   });
  later.join();
  const std::string said = ::testing::internal::GetCapturedStderr();
  ASSERT_TRUE(answer.has_value()) << answer.error().text();
  EXPECT_EQ(*answer, 7);
  EXPECT_THAT(said,
              ::testing::ContainsRegex("hangs, and is waited for place=/ha since=.20[0-9-]+"));
  EXPECT_THAT(said, HasSubstr("the file operation that hung has ended"));
  EXPECT_EQ(said.find("hangs, and is"), said.rfind("hangs, and is"));
}

TEST_F(AwaitedFilesTest, AStopEndsTheWaitForWorkThatHangs) {
  std::promise<void> let_go;
  std::stop_source stop;
  std::thread later([&] { stop.request_stop(); });
  const Status stopped =
      outwaitFiles(wait_, "", stop.get_token(), [gate = let_go.get_future().share()]() -> Status {
        gate.wait();
        return ok();
      });
  later.join();
  EXPECT_EQ(stopped.error().code(), ErrorCode::kCancelled);
  let_go.set_value();
}

}  // namespace
}  // namespace weir::ha
