#include "jobmanager/ha/zookeeper/parallel_files.h"

#include <atomic>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/elastic_pool.h"

namespace weir::ha {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

class ParallelFilesTest : public ::testing::Test {
 protected:
  ParallelFilesTest() : gate_(opened_.get_future()) {}
  ~ParallelFilesTest() override {
    open();
    io_.shutdown(seconds(20));
  }

  void open() {
    if (!std::exchange(is_open_, true)) {
      opened_.set_value();
    }
  }
  ParallelFiles::Piece hanging() {
    return {[this]() -> Status {
              gate_.wait();
              return ok();
            },
            [this] { ++undone_; }};
  }
  static ParallelFiles::Piece quick() {
    return {[]() -> Status { return ok(); }};
  }

  std::promise<void> opened_;
  std::shared_future<void> gate_;
  bool is_open_ = false;
  std::atomic<int> undone_ = 0;
  std::atomic<int> steps_ = 0;
  concurrency::ElasticPool io_{"files", ParallelFiles::kMost + 3};
  ParallelFiles files_{"/ha", milliseconds(100), io_, [this] { ++steps_; }};
};

TEST_F(ParallelFilesTest, OneThatHangsHoldsNoOther) {
  std::vector<ParallelFiles::Piece> pieces{hanging()};
  for (int i = 0; i < 200; ++i) {
    pieces.push_back(quick());
  }
  pieces.push_back({[]() -> Status { return Error(ErrorCode::kIo, "broken"); }});
  const auto answers = files_.run(std::move(pieces));
  ASSERT_EQ(answers.size(), 202U);
  EXPECT_EQ(answers[0].error().code(), ErrorCode::kUnavailable);
  EXPECT_THAT(answers[0].error().text(), HasSubstr("in /ha hangs"));
  for (std::size_t i = 1; i <= 200; ++i) {
    EXPECT_TRUE(answers[i].has_value()) << i;
  }
  EXPECT_EQ(answers[201].error().code(), ErrorCode::kIo);
  EXPECT_GE(steps_, 201);
}

TEST_F(ParallelFilesTest, WhatComesLateIsTakenBack) {
  EXPECT_FALSE(files_.run({hanging()})[0].has_value());
  EXPECT_EQ(undone_, 0);
  open();
  io_.shutdown(seconds(20));
  EXPECT_EQ(undone_, 1);
}

TEST_F(ParallelFilesTest, WhereAsManyHangAsMayNothingMoreBegins) {
  std::vector<ParallelFiles::Piece> pieces(ParallelFiles::kMost + 5, hanging());
  for (const Status& one : files_.run(std::move(pieces))) {
    EXPECT_FALSE(one.has_value());
  }
  const auto more = files_.run({quick()});
  EXPECT_THAT(more[0].error().text(), HasSubstr("16 file operations hang in /ha"));
  open();
  while (!files_.run({quick()})[0].has_value()) {
    std::this_thread::yield();
  }
}

TEST_F(ParallelFilesTest, WhatAnExecutorDropsIsAnswered) {
  io_.shutdown(seconds(20));
  EXPECT_EQ(files_.run({quick(), quick()})[1].error().code(), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace weir::ha
