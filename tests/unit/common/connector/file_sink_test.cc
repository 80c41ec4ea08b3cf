#include "common/connector/file_sink.h"

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/functions/transaction_error.h"
#include "tests/unit/common/connector/harness.h"

namespace weir {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

using Held = std::vector<HeldTransaction<PartFiles>>;

class FileSinkTest : public ConnectorTest {
 protected:
  /// A sink of lines whose first letter is their bucket; "-" is none.
  std::unique_ptr<FileSink<std::string>> sink(RollingPolicy policy = {}) const {
    auto made = std::make_unique<FileSink<std::string>>(
        path("out"), [](const std::string& line, std::string& to) { to += line + "\n"; });
    made->withRolling(policy).withBuckets([](const std::string& line) {
      return line.starts_with('-') ? std::string() : line.substr(0, line.find(' '));
    });
    return made;
  }
  static void start(FileSink<std::string>& sink, Subtask& subtask, const Held& held = {}) {
    sink.restoreState(held);
    sink.open(subtask.context());
    sink.startTransactions(subtask.context());
  }
  static void take(FileSink<std::string>& sink, const std::string& line) {
    sink.invoke(sink.currentTransaction(), line);
  }
  /// The files that others see, relative to the sink's directory.
  std::vector<std::string> seen() const {
    std::vector<std::string> files;
    for (const std::string& name : everything()) {
      if (name.find("/.") == std::string::npos &&
          std::filesystem::is_regular_file(directory_ / name)) {
        files.push_back(name.substr(4));
      }
    }
    return files;
  }
  std::string part(const std::string& rest, const Subtask& subtask) const {
    return "part-" + subtask.job() + "-" + rest;
  }
  /// What a step throws says; of a step of a transaction, what was the cause.
  static std::string thrownBy(const std::function<void()>& step) {
    try {
      step();
      return "";
    } catch (const TransactionError& error) {
      return thrownBy([&] { std::rethrow_exception(error.cause()); });
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  Subtask first_{0, 1, 1, 1};    // The first attempt of job 1.
  Subtask second_{0, 1, 1, 2};   // The second.
  Subtask another_{0, 1, 2, 1};  // Of job 2.
};

TEST_F(FileSinkTest, ShowsFilesOnceTheirCheckpointHasCompletedAndInTheirBuckets) {
  auto one = sink();
  start(*one, first_);
  take(*one, "eu/berlin 1");
  take(*one, "- 2");
  take(*one, "eu/berlin 3");
  one->snapshotState(1);
  EXPECT_THAT(seen(), IsEmpty());
  one->notifyCheckpointComplete(1);
  EXPECT_THAT(seen(), ElementsAre("eu/berlin/" + part("1-0-1", first_), part("1-0-2", first_)));
  EXPECT_EQ(read("out/eu/berlin/" + part("1-0-1", first_)), "eu/berlin 1\neu/berlin 3\n");
  EXPECT_EQ(read("out/" + part("1-0-2", first_)), "- 2\n");
}

TEST_F(FileSinkTest, LeavesNothingElseWhenItsJobIsFinished) {
  auto one = sink();
  start(*one, first_);
  take(*one, "a 1");
  one->snapshotState(1);
  one->notifyCheckpointComplete(1);
  take(*one, "a 2");
  one->notifyFinished();
  EXPECT_THAT(seen(), SizeIs(2));
  EXPECT_THAT(everything(), Each(Not(HasSubstr("in-progress"))));
}

TEST_F(FileSinkTest, BeginsAFileWhenOneIsFullOrOld) {
  auto full = sink({.most_bytes = 8});
  start(*full, first_);
  for (int i = 0; i < 4; ++i) {
    take(*full, "- 12");
  }
  full->notifyFinished();
  EXPECT_THAT(seen(), SizeIs(2));
  auto old = sink({.most_age = std::chrono::milliseconds(0)});
  start(*old, another_);
  take(*old, "- 1");
  take(*old, "- 2");
  old->notifyFinished();
  EXPECT_THAT(seen(), SizeIs(4));
}

TEST_F(FileSinkTest, HoldsFewFilesOpenHoweverManyBucketsThereAre) {
  auto one = sink();
  start(*one, first_);
  const auto open = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto before = open();
  for (int i = 0; i < 500; ++i) {
    take(*one, "b" + std::to_string(i) + " x");
  }
  EXPECT_LE(open() - before, 64);
  one->notifyFinished();
  EXPECT_THAT(seen(), SizeIs(500));
}

TEST_F(FileSinkTest, AKilledAttemptsSnapshotIsCommittedOnceAndTheRestGoes) {
  auto killed = sink();
  start(*killed, first_);
  take(*killed, "a 1");
  const Held held = killed->snapshotState(1);
  take(*killed, "a lost");
  take(*killed, "- lost too");
  killed->snapshotState(2);  // Never completes.
  take(*killed, "a lost as well");
  auto next = sink();
  start(*next, second_, held);
  EXPECT_THAT(seen(), ElementsAre("a/" + part("1-0-1", first_)));
  take(*next, "a 2");
  next->snapshotState(3);
  next->notifyCheckpointComplete(3);
  EXPECT_THAT(seen(), ElementsAre("a/" + part("1-0-1", first_), "a/" + part("2-0-1", second_)));
  next->notifyFinished();
  EXPECT_THAT(everything(), Each(Not(HasSubstr("in-progress"))));
}

TEST_F(FileSinkTest, CommitsWhatItWasRestoredWithWhetherItIsCommittedOrNot) {
  auto one = sink();
  start(*one, first_);
  take(*one, "a 1");
  const Held held = one->snapshotState(1);
  one->notifyCheckpointComplete(1);
  auto again = sink();
  start(*again, another_, held);
  EXPECT_THAT(seen(), SizeIs(1));
  std::filesystem::remove(directory_ / "out/a" / part("1-0-1", first_));
  auto third = sink();
  EXPECT_THAT(thrownBy([&] { start(*third, another_, held); }),
              testing::AllOf(HasSubstr("commit " + path("out/.in-progress-")),
                             HasSubstr("bring the file back")));
}

TEST_F(FileSinkTest, WhatTheJobThatItWasRestoredFromStillWritesIsLeftAlone) {
  auto running = sink();
  start(*running, first_);
  const Held savepoint = running->snapshotState(1);
  running->notifyCheckpointComplete(1);
  take(*running, "a 1");
  auto copy = sink();
  start(*copy, another_, savepoint);
  copy->notifyFinished();
  running->snapshotState(2);
  running->notifyCheckpointComplete(2);
  EXPECT_THAT(seen(), ElementsAre("a/" + part("1-0-1", first_)));
}

TEST_F(FileSinkTest, ReplacesNoFile) {
  auto one = sink();
  start(*one, first_);
  take(*one, "a 1");
  one->snapshotState(1);
  write("out/a/" + part("1-0-1", first_), "another's");
  EXPECT_THAT(thrownBy([&] { one->notifyCheckpointComplete(1); }), HasSubstr("File exists"));
  EXPECT_EQ(read("out/a/" + part("1-0-1", first_)), "another's");
}

TEST_F(FileSinkTest, RemovesOnlyWhatItHasNamed) {
  auto killed = sink();
  start(*killed, first_);
  take(*killed, "a lost");
  const std::string mine =
      "out/.in-progress-" + first_.job() + "/1-0-1/notes.txt";  // Beside a file of the sink's.
  write(mine, "of mine");
  auto next = sink();
  start(*next, second_);
  take(*next, "a 1");
  next->notifyFinished();
  EXPECT_EQ(read(mine), "of mine");
  EXPECT_THAT(seen(), SizeIs(1));
}

TEST_F(FileSinkTest, RefusesBucketsThatAreNoPathsBelowIts) {
  auto one = sink();
  start(*one, first_);
  for (const std::string bucket : {"../up", "/etc", "a//b", "a/", ".hidden", "a/../b"}) {
    const std::string said = thrownBy([&] { take(*one, bucket + " 1"); });
    EXPECT_THAT(said, HasSubstr("the bucket '" + bucket + "'"));
    EXPECT_THAT(said, HasSubstr("withBuckets()"));
  }
  one->notifyFinished();
  EXPECT_THAT(everything(), IsEmpty());
}

}  // namespace
}  // namespace weir
