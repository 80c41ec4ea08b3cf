// From a deployment to the first words of its process.

#include "tests/unit/taskmanager/daemon/supervision/core_fixture.h"

namespace weir::taskmanager {
namespace {

class WorkerStartTest : public TaskManagerCoreTest {};

TEST_F(WorkerStartTest, ReportsTheStatusAndTheLastWords) {
  const auto exited = runToItsEnd(deployment("echo first >&2; echo last words >&2; exit 3"));
  EXPECT_FALSE(exited.expected);
  EXPECT_EQ(exited.cause,
            "worker process of job " + JobId(Bytes16{9}).hex() +
                " on host-1 exited with status 3 before it asked for its execution environment; "
                "the last lines of its standard error:\n  first\n  last words");
}

TEST_F(WorkerStartTest, ReportsTheSignal) {
  const auto exited = runToItsEnd(deployment(std::string(kHello) + "kill -SEGV $$"));
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("on host-1 ended by signal 11 (SIGSEGV)"));
}

TEST_F(WorkerStartTest, StartsTheProgramAsItWasSubmitted) {
  auto it = deployment(
      "echo \"$0|$1|$2|$WEIR_MODE|$WEIR_WORKER_FD|$(cat data.txt)|${SECRET-unset}\" >&2; exit 1");
  it.program.arguments = {"--input", "a b"};
  it.program.shipped = {file("data.txt", "shipped")};
  ::setenv("SECRET", "of the daemon", 1);
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("/job|--input|a b|worker|3|shipped|unset"));
}

TEST_F(WorkerStartTest, PutsLibrariesWhereTheLinkerLooks) {
  auto it = deployment("ls $LD_LIBRARY_PATH >&2; exit 1");
  it.program.libraries = {file("libweir.so", "library")};
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("\n  libweir.so"));
}

TEST_F(WorkerStartTest, NamesAProgramThatCannotBeExecuted) {
  auto it = deployment("");
  it.program.executable = file("job", "this is a text and no program");
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("job is not a program that Linux can execute"));
}

TEST_F(WorkerStartTest, NamesAProgramForAnotherMachine) {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string header(64, '\0');
  self.read(header.data(), 64);
  header[18] = '\xf3';  // RISC-V.
  header[19] = '\0';
  auto it = deployment("");
  it.program.executable = file("job", header);
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("job is built for RISC-V, this machine is "));
}

TEST_F(WorkerStartTest, NamesAMissingInterpreter) {
  auto it = deployment("");
  it.program.executable = file("job", "#!/no/such/interpreter\n");
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("cannot be started on host-1: execute job: its"));
}

TEST_F(WorkerStartTest, NamesABlobThatCannotBeFetched) {
  auto it = deployment("");
  transport_.blobs.clear();
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("cannot be prepared on host-1: fetch job: no blob"));
}

TEST_F(WorkerStartTest, StartsWorkersAfterACleanerHasDeletedItsDirectory) {
  start();
  order(deployment("echo once >&2; exit 1"));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("once"));
  // The pool removes the attempt's directory at the same time.
  for (std::error_code ignored; std::filesystem::exists(directory_->path(), ignored);) {
    std::filesystem::remove_all(directory_->path(), ignored);
  }
  order(deployment("echo again >&2; exit 1", 2));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("again"));
  EXPECT_THAT(removeLeftovers(tmp_), IsEmpty());  // It holds its lock again.
}

TEST_F(WorkerStartTest, TwoShippedFilesOfOneNameEndTheJob) {
  auto it = deployment("exit 1");
  it.program.shipped = {file("data.txt", "a"), file("data.txt", "b")};
  const auto exited = runToItsEnd(it);
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause, HasSubstr("two files of the job are named \"data.txt\""));
}

TEST_F(WorkerStartTest, FetchesStateThatLiesOnTheJobManager) {
  transport_.blobs["state-5"] = "old state";
  auto it = deployment("cat ../state/0 >&2; exit 1");
  auto& sections = it.restores.lists.emplace_back(2);
  for (auto& section : sections) {
    section.handle.storage = runtime::SectionHandle::Storage::kBlob;
    section.handle.location = "state-5";
    section.handle.size = 9;
  }
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("\n  old state"));
}

TEST_F(WorkerStartTest, FetchesOfABlobWhatItsSectionsReachTo) {
  transport_.blobs["state-5"] = "one two three";
  auto it = deployment("ls ../state >&2; cat ../state/0 >&2; exit 1");
  it.restores.lists.resize(2);
  for (std::uint64_t offset = 0; offset < 8; offset += 4) {
    runtime::SectionHandle& handle = it.restores.lists[offset / 4].emplace_back().handle;
    handle.storage = runtime::SectionHandle::Storage::kBlob;
    handle.location = "state-5";
    handle.offset = offset;
    handle.size = 4;
  }
  EXPECT_TRUE(runToItsEnd(it).cause.ends_with("\n  0\n  one two "));
}

class RestoringWorkerTest : public TaskManagerCoreTest {
 protected:
  /// `tasks` subtasks that all read one section of `bytes`.
  runtime::Deployment restoring(const std::string& script, std::size_t tasks, std::size_t bytes) {
    auto it = deployment(script);
    it.graph.change([](graph::JobGraph& graph) {
      graph.name = "my job";
      graph.operators.resize(1);
      graph.operators[0].name = "Count per word";
    });
    runtime::RestoreSection section;
    section.handle.storage = runtime::SectionHandle::Storage::kInline;
    section.handle.bytes = std::string(bytes, 's');
    section.handle.size = bytes;
    runtime::OperatorRestoreOrder order;
    order.old_parallelism = 1;
    it.restores.give(order, {section});
    it.restores.tasks.resize(tasks);
    for (auto& task : it.restores.tasks) {
      task.operators = {order};
    }
    return it;
  }
  std::uintmax_t bytesSentTo(const char* hello) {
    const std::string orders = tmp_ + "/orders";
    start();
    order(restoring(hello + ("dd bs=65536 count=1 <&3 > " + orders), 10, 1000));
    next<runtime::WorkerExited>();
    const std::uintmax_t bytes = std::filesystem::file_size(orders);
    std::filesystem::remove(orders);
    return bytes;
  }
  static constexpr const char* kHelloWithLists =
      "printf '\\004\\000\\000\\000\\012\\002\\010\\003' >&3\n";
};

TEST_F(RestoringWorkerTest, SendsAWorkerASectionOnceHoweverManySubtasksReadIt) {
  EXPECT_LT(bytesSentTo(kHelloWithLists), 4000U);
}

TEST_F(RestoringWorkerTest, GivesEachSubtaskItsOwnWhereTheWorkerIsOfTheLastProtocol) {
  EXPECT_GT(bytesSentTo(kHelloWithLeases), 10'000U);
}

TEST_F(RestoringWorkerTest, RefusesADeploymentThatIsTooLargeNamingJobAndOperator) {
  settings_.worker.most_frame = 2000;
  const auto exited = runToItsEnd(restoring(std::string(kHelloWithLists) + "sleep 1000", 1, 5000));
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("of job " + JobId(Bytes16{9}).hex() + " ('my job') on host-1 has"),
                    HasSubstr("more than the 2000 that a worker takes"),
                    HasSubstr("operator 'Count per word' lies takes 5048")));
}

TEST_F(RestoringWorkerTest, RefusesWhatALastWorkerWouldGetBeforeItTakesMemoryForIt) {
  const auto exited =
      runToItsEnd(restoring(std::string(kHelloWithLeases) + "sleep 1000", 10'000, 50'000'000));
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("has 500000480000 bytes"), HasSubstr("build it with this release")));
}

class StoppedWorkerTest : public TaskManagerCoreTest {
 protected:
  runtime::TriggerOrder trigger(std::uint64_t id, runtime::StopMode stop) const {
    return {{JobId(Bytes16{9}), AttemptId(1), LeaderEpoch(1)},
            {.checkpoint = CheckpointId(id), .savepoint = true, .stop = stop}};
  }
};

TEST_F(StoppedWorkerTest, DeclinesAStopForAWorkerThatWouldNotUnderstandIt) {
  start();
  order(deployment(std::string(kHelloWithLeases) + "sleep 1000"));
  order(trigger(1, runtime::StopMode::kNone));
  order(trigger(2, runtime::StopMode::kSuspend));
  const auto declined = next<runtime::CheckpointDecline>();
  EXPECT_EQ(declined.checkpoint, CheckpointId(2));
  EXPECT_THAT(declined.reason, HasSubstr("whose sources cannot be stopped; build it with"));
}

TEST_F(StoppedWorkerTest, HandsAStopToAWorkerThatKnowsIt) {
  // WorkerReport{hello{protocol_version: 3, stops: true}}
  const std::string hello = "printf '\\006\\000\\000\\000\\012\\004\\010\\003\\040\\001' >&3\n";
  start();
  order(deployment(hello + "sleep 1"));
  order(trigger(1, runtime::StopMode::kDrain));
  next<runtime::WorkerExited>();
  std::lock_guard lock(link_.mutex);
  for (const auto& report : link_.reports) {
    EXPECT_FALSE(std::holds_alternative<runtime::CheckpointDecline>(report));
  }
}

}  // namespace
}  // namespace weir::taskmanager
