#include "common/connector/text_file_sink.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/connector/formatted_sink.h"
#include "tests/unit/common/connector/harness.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void appendNumber(std::string& to, const int& value) { to += std::to_string(value); }

class TextFileSinkTest : public ConnectorTest {
 protected:
  /// What the exception says that open() throws; empty when it throws none.
  template <typename Exception = std::runtime_error>
  static std::string refusal(TextFileSink& sink, Subtask& subtask) {
    try {
      sink.open(subtask.context());
      return "";
    } catch (const Exception& error) {
      return error.what();
    }
  }
  static void finish(TextFileSink& sink) {
    sink.endInput();
    sink.notifyFinished();
    sink.close();
  }
  /// Lines, a snapshot that completed, and the end of the attempt without a finish.
  std::vector<WrittenFile> written(const std::string& lines) {
    TextFileSink sink(path("out"));
    sink.open(first_.context());
    sink.invoke(lines);
    auto state = sink.snapshotState(1);
    sink.notifyCheckpointComplete(1);
    sink.close();
    return state;
  }

  Subtask first_{0, 1, 1, 1};    // The first attempt of job 1, with checkpoints.
  Subtask second_{0, 1, 1, 2};   // The second.
  Subtask another_{0, 1, 2, 1};  // Of job 2.
};

TEST_F(TextFileSinkTest, WritesThePathItselfAloneAndAFilePerSubtaskElse) {
  TextFileSink single(path("single"));
  single.open(first_.context());
  single.invoke("line");
  finish(single);
  EXPECT_EQ(read("single"), "line\n");
  Subtask second(1, 2, 1, 1);
  TextFileSink parallel(path("dir"));
  parallel.open(second.context());
  parallel.invoke("line");
  finish(parallel);
  EXPECT_EQ(read("dir/2"), "line\n");
  EXPECT_THAT(everything(), ElementsAre("dir", "dir/2", "single"));
}

TEST_F(TextFileSinkTest, ShowsLinesOnceTheirCheckpointHasCompleted) {
  TextFileSink sink(path("out"));
  sink.open(first_.context());
  sink.invoke("one");
  sink.snapshotState(1);
  sink.invoke("two");
  sink.snapshotState(2);
  EXPECT_EQ(read("out"), "");
  sink.notifyCheckpointComplete(1);
  EXPECT_EQ(read("out"), "one\n");
  sink.notifyCheckpointComplete(2);
  EXPECT_EQ(read("out"), "one\ntwo\n");
  finish(sink);
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, CommitsWithALaterCheckpointWhatAnAbortedOneKnew) {
  TextFileSink sink(path("out"));
  sink.open(first_.context());
  sink.invoke("one");
  sink.snapshotState(1);
  sink.invoke("two");
  sink.snapshotState(2);
  sink.notifyCheckpointComplete(2);
  EXPECT_EQ(read("out"), "one\ntwo\n");
}

TEST_F(TextFileSinkTest, GoesOnAtTheSnapshotAfterARestore) {
  TextFileSink first(path("out"));
  first.open(first_.context());
  first.invoke("before");
  const auto state = first.snapshotState(1);
  first.notifyCheckpointComplete(1);
  first.invoke("lost with the attempt");
  first.close();
  EXPECT_EQ(read("out"), "before\n");

  TextFileSink second(path("out"));
  second.restoreState(state);
  second.open(second_.context());
  second.invoke("after");
  finish(second);
  EXPECT_EQ(read("out"), "before\nafter\n");
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, CommitsAfterARestoreWhatWasNotCommittedBefore) {
  TextFileSink first(path("out"));
  first.open(first_.context());
  first.invoke("before");
  const auto state = first.snapshotState(1);
  first.close();
  EXPECT_EQ(read("out"), "");

  TextFileSink second(path("out"));
  second.restoreState(state);
  second.open(second_.context());
  EXPECT_EQ(read("out"), "before\n");
}

// A task manager and its worker that were stopped go on while their successor writes.
TEST_F(TextFileSinkTest, AnAttemptThatWasGivenUpChangesNothing) {
  TextFileSink zombie(path("out"));
  zombie.open(first_.context());
  zombie.invoke("one");
  const auto state = zombie.snapshotState(1);
  zombie.invoke("written twice");

  TextFileSink second(path("out"));
  second.restoreState(state);
  second.open(second_.context());
  second.invoke("two");
  second.snapshotState(2);
  second.notifyCheckpointComplete(2);

  // The notification was on its way when it was stopped.
  EXPECT_THROW(zombie.notifyCheckpointComplete(1), std::runtime_error);
  EXPECT_THROW(zombie.snapshotState(3), std::runtime_error);
  zombie.close();
  EXPECT_EQ(read("out"), "one\ntwo\n");
  finish(second);
  EXPECT_EQ(read("out"), "one\ntwo\n");
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, AGivenUpAttemptThatHadNoCheckpointLeavesNothing) {
  TextFileSink zombie(path("out"));
  zombie.open(first_.context());
  zombie.invoke("lost");
  zombie.snapshotState(1);

  TextFileSink second(path("out"));
  second.open(second_.context());
  second.invoke("one");
  second.snapshotState(2);
  second.notifyCheckpointComplete(2);
  zombie.close();
  finish(second);
  EXPECT_EQ(read("out"), "one\n");
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, AGivenUpAttemptChangesNothingWithoutCheckpointsEither) {
  first_.withoutCheckpoints();
  second_.withoutCheckpoints();
  TextFileSink zombie(path("out"));
  zombie.open(first_.context());
  zombie.invoke("zombie");
  zombie.endInput();
  EXPECT_EQ(read("out"), "zombie\n");

  TextFileSink second(path("out"));
  second.open(second_.context());
  second.invoke("one");
  second.endInput();
  zombie.invoke("more");
  zombie.endInput();
  zombie.close();
  finish(second);
  EXPECT_EQ(read("out"), "one\n");
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, WritesNothingWhenItIsClosedByAFailure) {
  first_.withoutCheckpoints();
  TextFileSink sink(path("out"));
  sink.open(first_.context());
  sink.invoke("not flushed");
  sink.close();
  EXPECT_EQ(read("out"), "");
}

TEST_F(TextFileSinkTest, CommitsEverythingWithoutCheckpoints) {
  first_.withoutCheckpoints();
  TextFileSink sink(path("out"));
  sink.open(first_.context());
  sink.invoke("one");
  finish(sink);
  EXPECT_EQ(read("out"), "one\n");
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, RefusesAPathThatHoldsAnotherJobsFile) {
  write("out", "of another\n");
  TextFileSink sink(path("out"));
  EXPECT_THAT(refusal<UnrecoverableError>(sink, first_),
              HasSubstr("the path " + path("out") +
                        " of the sink holds a file of another job; name another path, remove it, "
                        "or use WriteMode::kOverwrite"));
  EXPECT_THAT(everything(), ElementsAre("out"));
}

TEST_F(TextFileSinkTest, RefusesADirectoryThatHoldsAnotherJobsFiles) {
  write("out/3", "of another\n");
  TextFileSink sink(path("out"));
  Subtask second(1, 2, 1, 1);
  EXPECT_THAT(refusal<UnrecoverableError>(sink, second),
              HasSubstr("of the sink holds files of another job: 3"));
}

TEST_F(TextFileSinkTest, RefusesAPathThatAnotherJobIsAboutToWrite) {
  TextFileSink theirs(path("out"));
  theirs.open(another_.context());
  TextFileSink sink(path("out"));
  EXPECT_THAT(refusal<UnrecoverableError>(sink, first_),
              HasSubstr("is being written by job " + another_.job()));
  theirs.close();
  EXPECT_THAT(refusal(sink, first_), IsEmpty());
}

TEST_F(TextFileSinkTest, TakesAnEmptyFileAndFilesOfAnotherSubtaskOfItsJob) {
  write("single", "");
  TextFileSink single(path("single"));
  EXPECT_THAT(refusal(single, first_), IsEmpty());
  Subtask one(0, 2, 1, 1);
  Subtask two(1, 2, 1, 1);
  one.withoutCheckpoints();
  two.withoutCheckpoints();
  TextFileSink first(path("dir"));
  TextFileSink second(path("dir"));
  first.open(one.context());
  first.invoke("line");
  first.endInput();
  EXPECT_THAT(refusal(second, two), IsEmpty());
}

TEST_F(TextFileSinkTest, OverwritesWhenToldTo) {
  write("out/1", "old");
  write("out/2", "old");
  write("out/3.1", "old");
  write("out/notes.txt", "mine");
  for (std::uint32_t i = 0; i < 2; ++i) {
    Subtask subtask(i, 2, 1, 1);
    TextFileSink sink(path("out"), WriteMode::kOverwrite);
    sink.open(subtask.context());
    sink.invoke("new");
    finish(sink);
  }
  EXPECT_THAT(everything(), ElementsAre("out", "out/1", "out/2", "out/notes.txt"));
  EXPECT_EQ(read("out/1"), "new\n");
}

TEST_F(TextFileSinkTest, WhoReadsTheOldFileKeepsItWhenItIsOverwritten) {
  std::ifstream reader(write("out", "old\n"));
  TextFileSink sink(path("out"), WriteMode::kOverwrite);
  sink.open(first_.context());
  sink.invoke("new");
  finish(sink);
  std::string line;
  std::getline(reader, line);
  EXPECT_EQ(line, "old");
  EXPECT_EQ(read("out"), "new\n");
}

TEST_F(TextFileSinkTest, ASavepointsJobGoesOnWithItsFilesAndTakesThemOver) {
  TextFileSink old(path("out"));
  old.open(first_.context());
  old.invoke("one");
  const auto savepoint = old.snapshotState(1);
  old.notifyCheckpointComplete(1);
  old.invoke("two");
  const auto later = old.snapshotState(2);
  old.notifyCheckpointComplete(2);

  TextFileSink next(path("out"));
  next.restoreState(savepoint);
  next.open(another_.context());
  next.invoke("2");
  next.snapshotState(1);
  next.notifyCheckpointComplete(1);
  EXPECT_EQ(read("out"), "one\n2\n");

  EXPECT_THROW(old.snapshotState(3), std::runtime_error);
  TextFileSink again(path("out"));
  again.restoreState(later);
  EXPECT_THAT(refusal<UnrecoverableError>(again, second_),
              HasSubstr("job " + another_.job() + ", which was restored from a snapshot of job " +
                        first_.job() + ", goes on with the file " + path("out")));
  EXPECT_EQ(read("out"), "one\n2\n");
}

TEST_F(TextFileSinkTest, RestoresWhatAnEarlierReleaseWrote) {
  TextFileSink sink(path("out"));
  sink.restoreState({{write("out", "before\nnot in the snapshot\n"), 7}});
  sink.open(first_.context());
  sink.invoke("after");
  finish(sink);
  EXPECT_EQ(read("out"), "before\nafter\n");
}

TEST_F(TextFileSinkTest, StartsAtAnotherPathThatTheProgramNames) {
  TextFileSink sink(path("moved"));
  sink.restoreState({{write("old", "before, and lines of another job\n"), 6}});
  sink.open(first_.context());
  sink.invoke("after");
  finish(sink);
  EXPECT_EQ(read("old"), "before, and lines of another job\n");
  EXPECT_EQ(read("moved"), "after\n");
}

TEST_F(TextFileSinkTest, RefusesAFileThatLostWhatASnapshotKnows) {
  TextFileSink sink(path("out"));
  sink.restoreState({{write("out", "x"), 10}});
  EXPECT_THAT(refusal(sink, first_), HasSubstr(path("out") + " has 1 bytes, but had 10"));
}

TEST_F(TextFileSinkTest, NamesThePendingLinesThatAreGone) {
  TextFileSink sink(path("out"));
  sink.open(first_.context());
  sink.invoke("line");
  const auto state = sink.snapshotState(1);
  std::filesystem::remove(state.front().pending.front().path);
  TextFileSink next(path("out"));
  next.restoreState(state);
  EXPECT_THAT(refusal(next, second_),
              HasSubstr("5 lay in " + state.front().pending.front().path + ", which is gone"));
}

TEST_F(TextFileSinkTest, FailsWhenSomethingElseWritesToItsFile) {
  TextFileSink sink(path("out"));
  sink.open(first_.context());
  sink.invoke("one");
  sink.snapshotState(1);
  sink.notifyCheckpointComplete(1);
  write("out", "one\nmine too\n");
  try {
    sink.snapshotState(2);
    FAIL() << "it did not throw";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(),
                HasSubstr("has 13 bytes, but this sink has written 4: something else has written"));
  }
}

TEST_F(TextFileSinkTest, FailsWhenItsFileWasReplaced) {
  written("one");
  TextFileSink sink(path("out"), WriteMode::kOverwrite);
  sink.open(first_.context());
  sink.invoke("one");
  sink.snapshotState(1);
  sink.notifyCheckpointComplete(1);
  std::filesystem::rename(path("out"), path("moved"));
  EXPECT_THROW(sink.snapshotState(2), std::runtime_error);
  write("out", "one\n");
  EXPECT_THROW(sink.snapshotState(2), std::runtime_error);
}

TEST_F(TextFileSinkTest, TakesNoFileOfAnotherSubtaskWhenRescaled) {
  write("dir/1", "of another\n");
  TextFileSink sink(path("dir"));
  sink.restoreState({});
  Subtask first(0, 2, 1, 1);
  sink.open(first.context());
  sink.invoke("mine");
  finish(sink);
  EXPECT_EQ(read("dir/1"), "of another\n");
  EXPECT_EQ(read("dir/1.1"), "mine\n");
}

TEST_F(TextFileSinkTest, KeepsTheFilesOfSubtasksThatAreNoMore) {
  std::vector<WrittenFile> states;
  for (std::uint32_t i = 0; i < 2; ++i) {
    Subtask subtask(i, 2, 1, 1);
    TextFileSink sink(path("dir"));
    sink.open(subtask.context());
    sink.invoke("of " + std::to_string(i));
    states.push_back(sink.snapshotState(1).front());
    sink.close();
  }
  TextFileSink sink(path("dir"));
  sink.restoreState(states);
  Subtask alone(0, 1, 2, 1);
  sink.open(alone.context());
  sink.invoke("after");
  EXPECT_EQ(sink.snapshotState(1).size(), 2U);
  finish(sink);
  EXPECT_EQ(read("dir/1"), "of 0\nafter\n");
  EXPECT_EQ(read("dir/2"), "of 1\n");
  EXPECT_THAT(everything(), ElementsAre("dir", "dir/1", "dir/2"));
}

TEST_F(TextFileSinkTest, StartsBesideTheFileOfParallelismOne) {
  write("out", "before\n");
  TextFileSink sink(path("out"));
  sink.restoreState({});
  Subtask second(1, 2, 1, 1);
  sink.open(second.context());
  sink.invoke("after");
  const auto state = sink.snapshotState(1);
  sink.notifyCheckpointComplete(1);
  sink.close();
  EXPECT_EQ(read("out"), "before\n");
  EXPECT_EQ(read("out.2"), "after\n");
  TextFileSink again(path("out"));
  again.restoreState(state);
  Subtask next(1, 2, 1, 2);
  again.open(next.context());
  again.invoke("more");
  finish(again);
  EXPECT_EQ(read("out.2"), "after\nmore\n");
}

TEST_F(TextFileSinkTest, WritesToADeviceAtOnce) {
  TextFileSink sink("/dev/null");
  sink.open(first_.context());
  sink.invoke("line");
  sink.snapshotState(1);
  finish(sink);
  EXPECT_FALSE(std::filesystem::exists("/dev/.null.in-progress-" + first_.job()));
}

TEST_F(TextFileSinkTest, FormatsAnyRecord) {
  connector::FormattedStatefulSink<int, TextFileSink, &appendNumber> sink{
      TextFileSink(path("out"))};
  sink.open(first_.context());
  sink.invoke(42);
  EXPECT_EQ(sink.snapshotState(1).front().bytes, 3U);
  sink.notifyCheckpointComplete(1);
  EXPECT_EQ(read("out"), "42\n");
  sink.close();
}

}  // namespace
}  // namespace weir
