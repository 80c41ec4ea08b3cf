#include "jobmanager/handles/discard_workers.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/simulated_executor.h"
#include "common/fs/digest.h"
#include "common/fs/memory_file_system.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class RecordingGateway final : public TaskManagerGateway {
 public:
  void send(runtime::TaskManagerOrder order) override {
    if (auto* discards = std::get_if<runtime::DiscardHandles>(&order)) {
      sent.push_back(std::move(*discards));
    } else if (const auto* cancel = std::get_if<runtime::CancelOrder>(&order)) {
      cancelled.push_back(cancel->execution);
    } else if (const auto* release = std::get_if<runtime::ReleaseBlobsOrder>(&order)) {
      released.push_back(release->job);
    } else if (const auto* discard = std::get_if<runtime::DiscardOrder>(&order)) {
      ordered.push_back(discard->index);
    }
  }
  void close(const std::string& /*reason*/) override {}

  std::vector<runtime::DiscardHandles> sent;
  std::vector<runtime::ExecutionId> cancelled;
  std::vector<JobId> released;
  std::vector<std::uint64_t> ordered;  // Handles whose call was allowed.
};

class DiscardWorkersTest : public ::testing::Test {
 protected:
  void SetUp() override { addTaskManager(); }
  void addTaskManager() {
    runtime::Registration registration;
    registration.id = testing::taskManagerId(1);
    registration.host = "host";
    ASSERT_TRUE(resources_.add(registration, gateway_));
  }
  void removeTaskManager() {
    resources_.remove(testing::taskManagerId(1), "connection closed");
    time_.runDue();
  }
  std::shared_ptr<const runtime::JobProgram> program(const std::string& content) {
    auto program = std::make_shared<runtime::JobProgram>();  // As its job and savepoints share it.
    program->graph = testing::twoVertices(1);
    program->program.executable = {"program", {fs::sha256(content), content.size()}};
    auto upload = blobs_.put(program->program.executable.blob);
    EXPECT_TRUE(upload && (*upload)->append(content) && (*upload)->finish());
    return program;
  }
  /// Handles of operator "Index", numbered from `first` in place of a location.
  void discard(const std::shared_ptr<const runtime::JobProgram>& program, int first, int count) {
    HandleDiscard what{.owner = "checkpoint 7", .program = program, .handles = {}};
    for (int i = first; i < first + count; ++i) {
      OwnedHandle& one = what.handles.emplace_back();
      one.operator_id = testing::operatorId(2);
      one.operator_name = "Index";
      one.parallelism = 8;
      one.subtask = static_cast<std::uint32_t>(i);
      one.handle.location = std::to_string(i);
    }
    workers_.discard(std::move(what), [this](auto result) { answers_.push_back(result); });
  }
  const std::vector<runtime::DiscardHandles>& sent() const { return gateway_->sent; }
  const runtime::ExecutionId& latest() const { return sent().back().execution; }
  static std::vector<std::string> handlesOf(const runtime::DiscardHandles& discards) {
    std::vector<std::string> handles;
    for (const auto& one : discards.handles) {
      handles.push_back(one.state.location);
    }
    return handles;
  }
  void begin(std::uint64_t index) {
    workers_.report(runtime::HandleDiscarded{latest(), index, false, {}});
  }
  void finish(std::uint64_t index, const std::string& error = "") {
    begin(index);
    workers_.report(runtime::HandleDiscarded{latest(), index, true, error});
  }
  void exit(const std::string& cause = "") {
    EXPECT_TRUE(workers_.report(runtime::WorkerExited{latest(), cause.empty(), cause}));
  }

  concurrency::SimulatedTime time_;
  concurrency::SimulatedExecutor strand_{time_};
  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  blob::BlobStore blobs_{files_, "/blobs", time_, random_};
  ResourceManager resources_{
      strand_, time_, std::chrono::hours(10), [this](TaskManagerId id, const std::string& reason) {
        workers_.taskManagerLost(id, reason);
      }};
  // Shared with the resource manager.
  std::shared_ptr<RecordingGateway> gateway_ = std::make_shared<RecordingGateway>();
  DiscardWorkers workers_{strand_,
                          random_,
                          resources_,
                          blobs_,
                          {.epoch = LeaderEpoch(3),
                           .no_progress = 60s,
                           .task_manager_wait = 10s,
                           .pause = 200ms,
                           .most_bytes = 250}};
  std::vector<Result<std::vector<std::string>>> answers_;
};

TEST_F(DiscardWorkersTest, AnswersAtOnceWhenThereIsNothingToDiscard) {
  discard(program("a"), 0, 0);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_TRUE(answers_[0]);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(DiscardWorkersTest, NamesEveryHandleInOneOrder) {
  const auto one = program("a");
  discard(one, 0, 2);
  ASSERT_THAT(sent(), SizeIs(1));
  const runtime::DiscardHandles& order = sent()[0];
  EXPECT_EQ(order.program.executable.blob, one->program.executable.blob);
  EXPECT_EQ(order.execution.epoch, LeaderEpoch(3));
  EXPECT_EQ(order.handles[0].owner, testing::operatorId(2));
  EXPECT_THAT(handlesOf(order), ElementsAre("0", "1"));
}

TEST_F(DiscardWorkersTest, AnswersWhenTheLastHandleOfTheCallIsDone) {
  discard(program("a"), 0, 2);
  finish(1);
  EXPECT_THAT(answers_, IsEmpty());
  finish(0);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_THAT(*answers_[0], IsEmpty());
}

TEST_F(DiscardWorkersTest, SaysWhatDiscardStateThrew) {
  discard(program("a"), 1, 1);
  finish(0, "std::runtime_error: gone");
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_THAT(*answers_[0],
              ElementsAre("the state handle of operator 'Index' (2/8): discardState() threw "
                          "std::runtime_error: gone"));
}

TEST_F(DiscardWorkersTest, OneWorkerTakesAllThatWaitsForItsProgram) {
  const auto one = program("a");
  discard(one, 0, 1);
  discard(one, 1, 2);
  discard(one, 3, 1);
  EXPECT_THAT(sent(), SizeIs(1));
  finish(0);
  exit();
  time_.runDue();
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("1", "2", "3"));
  finish(0);
  finish(1);
  EXPECT_THAT(answers_, SizeIs(2));
  finish(2);
  EXPECT_THAT(answers_, SizeIs(3));
}

TEST_F(DiscardWorkersTest, AWorkerTakesWhatOneMessageHoldsAndTheNextTheRest) {
  discard(program("a"), 0, 12);
  for (const std::size_t handles : {5U, 5U, 2U}) {
    EXPECT_THAT(answers_, IsEmpty());
    EXPECT_THAT(handlesOf(sent().back()), SizeIs(handles));
    for (std::size_t index = 0; index < handles; ++index) {
      finish(index);
    }
    exit();
    time_.runDue();
  }
  EXPECT_THAT(sent(), SizeIs(3));
  EXPECT_THAT(answers_, SizeIs(1));
}

TEST_F(DiscardWorkersTest, AHandleThatIsTooLargeForTheOthersGoesAlone) {
  HandleDiscard what;
  what.owner = "savepoint";
  what.program = program("a");
  what.handles.resize(2);
  what.handles[0].handle.bytes = std::string(1000, 'x');
  workers_.discard(std::move(what), [this](auto result) { answers_.push_back(result); });
  EXPECT_THAT(handlesOf(sent().back()), SizeIs(1));
}

TEST_F(DiscardWorkersTest, AnotherProgramGetsAWorkerOfItsOwn) {
  discard(program("a"), 0, 1);
  discard(program("b"), 1, 1);
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_NE(sent()[0].execution.job, sent()[1].execution.job);
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("1"));
}

TEST_F(DiscardWorkersTest, SendsNoHandleAgainWhenAWorkerDiesInTheMiddle) {
  discard(program("a"), 0, 4);
  finish(0);
  begin(1);
  exit("killed by signal 11");
  time_.advance(199ms);
  EXPECT_THAT(sent(), SizeIs(1));
  time_.advance(1ms);
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("2", "3"));
  EXPECT_NE(sent()[0].execution.attempt, latest().attempt);
  finish(0);
  finish(1);
  exit();
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_THAT(*answers_[0],
              ElementsAre(AllOf(HasSubstr("'Index' (2/8)"),
                                HasSubstr("was cut short: killed by signal 11"))));
}

TEST_F(DiscardWorkersTest, AnswersWhenTheOneHandleWasCutShort) {
  discard(program("a"), 0, 1);
  begin(0);
  exit("killed by signal 9");
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_THAT(*answers_[0], ElementsAre(HasSubstr("killed by signal 9")));
  time_.advance(1min);
  EXPECT_THAT(sent(), SizeIs(1));
}

TEST_F(DiscardWorkersTest, IgnoresWhatIsSaidTwiceAndWhatAnEarlierWorkerSays) {
  discard(program("a"), 0, 2);
  const runtime::ExecutionId first = latest();
  finish(0, "once");
  finish(0, "twice");
  exit("killed by signal 9");
  time_.advance(200ms);
  EXPECT_TRUE(workers_.report(runtime::HandleDiscarded{first, 1, true, "late"}));
  EXPECT_FALSE(workers_.report(runtime::WorkerExited{first, false, "late"}));
  EXPECT_THAT(answers_, IsEmpty());
  finish(7);
  finish(0);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_THAT(*answers_[0], ElementsAre(HasSubstr("once")));
}

TEST_F(DiscardWorkersTest, GivesUpAfterFourWorkersThatDidNotBeginWithGrowingPauses) {
  discard(program("a"), 0, 2);
  finish(0);
  exit("was cut");  // Made progress: does not count.
  std::size_t workers = 1;
  for (const Duration pause : {200ms, 200ms, 1'000ms, 5'000ms}) {
    time_.advance(pause - 1ms);
    ASSERT_THAT(sent(), SizeIs(workers));
    time_.advance(1ms);
    ASSERT_THAT(sent(), SizeIs(++workers));
    EXPECT_THAT(answers_, IsEmpty());
    exit("no such library");
  }
  ASSERT_THAT(answers_, SizeIs(1));
  ASSERT_FALSE(answers_[0]);
  EXPECT_THAT(answers_[0].error().text(),
              AllOf(HasSubstr("1 of 2 state handles were discarded"),
                    HasSubstr("operator 'Index'"),
                    HasSubstr("no such library")));
  time_.advance(1min);
  EXPECT_THAT(sent(), SizeIs(5));
}

TEST_F(DiscardWorkersTest, WaitsForATaskManagerToRegister) {
  removeTaskManager();
  discard(program("a"), 0, 1);
  time_.advance(9s);
  EXPECT_THAT(sent(), IsEmpty());
  addTaskManager();
  time_.advance(100ms);
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_THAT(answers_, IsEmpty());
}

TEST_F(DiscardWorkersTest, GivesUpWhenNoTaskManagerRegisters) {
  removeTaskManager();
  discard(program("a"), 0, 1);
  time_.advance(11s);
  ASSERT_THAT(answers_, SizeIs(1));
  ASSERT_FALSE(answers_[0]);
  EXPECT_THAT(answers_[0].error().text(), HasSubstr("no task manager is registered"));
}

TEST_F(DiscardWorkersTest, SendsTheRestOfALostTaskManagerElsewhereAndItsWorkerGetsNoOrderAnyMore) {
  discard(program("a"), 0, 3);
  const runtime::ExecutionId lost = latest();
  begin(0);
  EXPECT_THAT(gateway_->ordered, ElementsAre(0));
  removeTaskManager();
  addTaskManager();
  time_.advance(200ms);
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("1", "2"));
  workers_.report(runtime::HandleDiscarded{lost, 1, false, {}});
  EXPECT_THAT(gateway_->ordered, ElementsAre(0));
}

TEST_F(DiscardWorkersTest, RemembersWhatWasDiscardedOfAnOwnerThatWasGivenUp) {
  const auto one = program("a");
  discard(one, 0, 3);
  finish(0);
  workers_.stop("the job manager is stopping");
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_FALSE(answers_[0]);
  discard(one, 0, 3);
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("1", "2"));
}

TEST_F(DiscardWorkersTest, StartsNoWorkerForMoreDuringThePause) {
  const auto one = program("a");
  discard(one, 0, 2);
  finish(0);
  exit("killed by signal 9");
  discard(one, 2, 1);
  EXPECT_THAT(sent(), SizeIs(1));
  time_.advance(200ms);
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("1", "2"));
}

TEST_F(DiscardWorkersTest, KillsAWorkerWithoutProgress) {
  discard(program("a"), 0, 2);
  time_.advance(59s);
  begin(0);
  time_.advance(59s);
  EXPECT_THAT(gateway_->cancelled, IsEmpty());
  time_.advance(1s);
  EXPECT_THAT(gateway_->cancelled, ElementsAre(latest()));
  exit("cancelled");
  time_.advance(200ms);
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("1"));
}

TEST_F(DiscardWorkersTest, HoldsTheProgramsFilesWhileItsWorkerRuns) {
  discard(program("a"), 0, 1);
  time_.advance(20min);
  static_cast<void>(program("b"));  // Sweeps what nobody holds.
  EXPECT_THAT(files_.files(), SizeIs(2));
  const JobId worker = latest().job;
  finish(0);
  exit();
  EXPECT_THAT(files_.files(), SizeIs(1));
  EXPECT_THAT(gateway_->released, ElementsAre(worker));
}

TEST_F(DiscardWorkersTest, GivesUpWhenAFileOfTheProgramIsGone) {
  const auto one = program("a");
  time_.advance(20min);
  static_cast<void>(program("b"));
  discard(one, 0, 1);
  ASSERT_THAT(answers_, SizeIs(1));
  EXPECT_FALSE(answers_[0]);
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(DiscardWorkersTest, StopAnswersEverybody) {
  const auto one = program("a");
  discard(one, 0, 2);
  finish(0);
  discard(one, 2, 1);
  discard(program("b"), 3, 1);
  workers_.stop("the job manager stops");
  ASSERT_THAT(answers_, SizeIs(3));
  for (const auto& answer : answers_) {
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().text(), HasSubstr("the job manager stops"));
  }
  time_.advance(1h);
  EXPECT_THAT(answers_, SizeIs(3));
}

TEST_F(DiscardWorkersTest, MayBeCalledFromItsOwnAnswer) {
  const auto one = program("a");
  HandleDiscard what{.owner = "checkpoint 7", .program = one, .handles = {{}}};
  workers_.discard(std::move(what), [&](auto) { discard(one, 5, 1); });
  finish(0);
  exit();
  time_.runDue();
  ASSERT_THAT(sent(), SizeIs(2));
  EXPECT_THAT(handlesOf(sent()[1]), ElementsAre("5"));
}

}  // namespace
}  // namespace weir::jobmanager
