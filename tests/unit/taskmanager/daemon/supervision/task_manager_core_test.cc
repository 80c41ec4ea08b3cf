#include "taskmanager/daemon/supervision/task_manager_core.h"

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include "common/base/text.h"
#include "common/concurrency/elastic_pool.h"
#include "common/fs/digest.h"
#include "common/runtime/report_limits.h"
#include "common/wire/encoding.h"
#include "taskmanager/daemon/supervision/cgroup.h"
#include "tests/unit/common/fs/hanging_file_system.h"

namespace weir::taskmanager {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// WorkerReport{hello{protocol_version: 1}} as a frame, and of version 2, which takes leases.
constexpr const char* kHello = "printf '\\004\\000\\000\\000\\012\\002\\010\\001' >&3\n";
constexpr const char* kHelloWithLeases = "printf '\\004\\000\\000\\000\\012\\002\\010\\002' >&3\n";

/// The job manager, as the task manager sees it.
class FakeLink final : public JobManagerLink {
 public:
  void open(runtime::Registration its_registration, Listener& its_listener) override {
    std::lock_guard lock(mutex);
    registration = std::move(its_registration);
    listener = &its_listener;
    ++opened;
    changed.notify_all();
  }
  void send(runtime::TaskManagerReport report) override {
    std::lock_guard lock(mutex);
    reports.push_back(std::move(report));
    changed.notify_all();
  }
  bool hasRoom() const override { return true; }
  void close() override { closed = true; }

  std::mutex mutex;
  std::condition_variable changed;
  runtime::Registration registration;
  Listener* listener = nullptr;
  int opened = 0;
  std::atomic<bool> closed = false;
  std::vector<runtime::TaskManagerReport> reports;
};

class FakeTransport final : public BlobTransport {
 public:
  Status fetch(const std::string& key, std::uint64_t length, const Sink& sink) override {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return key != stuck; });
    }
    const auto found = blobs.find(key);
    return found == blobs.end()
               ? Status(Error(ErrorCode::kNotFound, "no blob " + key))
               : sink(found->second.substr(0, length == 0 ? std::string::npos : length));
  }
  Result<std::string> putState(const JobId& /*job*/, std::string_view bytes) override {
    std::lock_guard lock(mutex);
    if (stored.size() == most_stored) {
      return Error(ErrorCode::kResourceExhausted, "no room for " + std::to_string(bytes.size()));
    }
    stored.emplace_back(bytes);
    return "state-" + std::to_string(stored.size());
  }
  void letGo() {
    const std::lock_guard lock(mutex);
    stuck.clear();
    changed.notify_all();
  }
  std::map<std::string, std::string> blobs;
  std::mutex mutex;
  std::condition_variable changed;
  std::string stuck;  // A key that is not fetched until letGo().
  std::vector<std::string> stored;
  std::size_t most_stored = 1000;
};

class TaskManagerCoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(tmp_);
    directory_ = *WorkDirectory::create(tmp_, TaskManagerId(Bytes16{1}));
    cache_ = *BlobCache::open(directory_->blobs(), 1 << 20, transport_, clock_);
    settings_.registration.slots = 2;
    settings_.worker.host = "host-1";
    settings_.worker.launcher = WEIR_LAUNCHER;
    settings_.memory_check = 20ms;
  }
  void TearDown() override {
    loop_.shutdown();
    EXPECT_EQ(pool_.shutdown(Duration::max()), 0);
    EXPECT_EQ(probes_.shutdown(Duration::max()), 0);
    data_port_.reset();
    core_.reset();
    if (groups_) {
      EXPECT_TRUE(sweepGroup(groups_->path(), 100)) << "a group of a worker is left";
    }
    groups_.reset();
    cache_.reset();
    directory_.reset();
    EXPECT_TRUE(std::filesystem::is_empty(tmp_));
    std::filesystem::remove_all(tmp_);
  }

  void start() {
    loop_.runSync([this] {
      core_ = std::make_unique<TaskManagerCore>(
          TaskManagerCore::Environment{loop_,
                                       pool_,
                                       probes_,
                                       *directory_,
                                       *cache_,
                                       transport_,
                                       files_,
                                       link_,
                                       clock_,
                                       [] { return std::uint64_t{1}; },
                                       [](const Error&) {},
                                       groups_.get()},
          settings_);
      data_port_ = *DataPort::listen(
          loop_,
          "127.0.0.1",
          0,
          config::Security::plainText(),
          [this](const auto& hello, auto& fd) { return core_->route(hello, fd); });
      core_->start(*data_port_);
      core_->onRegistered(terms_);
    });
  }
  void order(runtime::TaskManagerOrder order) {
    loop_.runSync([&] { core_->onOrder(std::move(order)); });
  }

  runtime::ProgramFile file(const std::string& name, const std::string& content) {
    const runtime::BlobKey key{fs::sha256(content), content.size()};
    transport_.blobs[key.sha256] = content;
    return {name, key};
  }
  runtime::Deployment deployment(const std::string& script, std::uint64_t attempt = 1) {
    runtime::Deployment deployment;
    deployment.execution = {JobId(Bytes16{9}), AttemptId(attempt), LeaderEpoch(1)};
    deployment.program.executable = file("job", "#!/bin/sh\n" + script);
    deployment.token = std::string(16, 't');
    deployment.placement = {{0}};
    deployment.workers.resize(1);
    return deployment;
  }
  // Frames of reports that the script may send with `cat frames >&3`.
  void shipFrames(runtime::Deployment& to, const std::vector<runtime::WorkerReport>& reports) {
    std::string frames;
    for (const auto& report : reports) {
      const std::string bytes = wire::encode(report);
      for (int shift = 0; shift < 32; shift += 8) {
        frames.push_back(static_cast<char>(bytes.size() >> shift));
      }
      frames += bytes;
    }
    to.program.shipped.push_back(file("frames", frames));
  }
  static runtime::TaskUpdate update(const runtime::Deployment& of, runtime::TaskState state) {
    runtime::TaskUpdate update;
    update.execution = of.execution;
    update.state = state;
    return update;
  }

  // Waits for the next report of this kind that was not asked for yet.
  template <typename T>
  T next() {
    std::unique_lock lock(link_.mutex);
    std::optional<T> found;
    const bool came = link_.changed.wait_for(lock, 20s, [&] {
      for (; taken_ < link_.reports.size() && !found; ++taken_) {
        if (auto* report = std::get_if<T>(&link_.reports[taken_])) {
          found = *report;
        }
      }
      return found.has_value();
    });
    EXPECT_TRUE(came) << "waited for 20 s";
    return found.value_or(T{});
  }
  runtime::WorkerExited runToItsEnd(runtime::Deployment deployment) {
    start();
    order(std::move(deployment));
    return next<runtime::WorkerExited>();
  }
  // Until there is something in it.
  void waitForFile(const std::string& path) {
    std::error_code missing;
    for (int i = 0; i < 2000; ++i) {
      if (const auto size = std::filesystem::file_size(path, missing); !missing && size > 0) {
        return;
      }
      std::this_thread::sleep_for(10ms);
    }
    FAIL() << path << " does not come";
  }

  const std::string tmp_ = ::testing::TempDir() + "/core_" + std::to_string(::getpid());
  SystemClock clock_;
  fs::testing::HangingFileSystem files_;
  FakeTransport transport_;
  FakeLink link_;
  CoreSettings settings_;
  std::unique_ptr<WorkDirectory> directory_;
  std::unique_ptr<WorkerCgroups> groups_;
  std::unique_ptr<BlobCache> cache_;
  concurrency::ElasticPool pool_{"test-pool", 2};
  concurrency::ElasticPool probes_{"test-probes", 2};
  IoLoop loop_{"test-strand"};
  std::unique_ptr<TaskManagerCore> core_;
  std::unique_ptr<DataPort> data_port_;
  SessionTerms terms_{1h, 10h, nanosSinceBoot()};
  std::size_t taken_ = 0;
};

TEST_F(TaskManagerCoreTest, AnnouncesItsDataPortAndReportsWhatRuns) {
  start();
  EXPECT_EQ(link_.registration.data_port, data_port_->port());
  EXPECT_THAT(next<runtime::Heartbeat>().running, IsEmpty());
}

TEST_F(TaskManagerCoreTest, ReportsTheStatusAndTheLastWords) {
  const auto exited = runToItsEnd(deployment("echo first >&2; echo last words >&2; exit 3"));
  EXPECT_FALSE(exited.expected);
  EXPECT_EQ(exited.cause,
            "worker process of job " + JobId(Bytes16{9}).hex() +
                " on host-1 exited with status 3 before it asked for its execution environment; "
                "the last lines of its standard error:\n  first\n  last words");
}

TEST_F(TaskManagerCoreTest, ReportsTheSignal) {
  const auto exited = runToItsEnd(deployment(std::string(kHello) + "kill -SEGV $$"));
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("on host-1 ended by signal 11 (SIGSEGV)"));
}

TEST_F(TaskManagerCoreTest, StartsTheProgramAsItWasSubmitted) {
  auto it = deployment(
      "echo \"$0|$1|$2|$WEIR_MODE|$WEIR_WORKER_FD|$(cat data.txt)|${SECRET-unset}\" >&2; exit 1");
  it.program.arguments = {"--input", "a b"};
  it.program.shipped = {file("data.txt", "shipped")};
  ::setenv("SECRET", "of the daemon", 1);
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("/job|--input|a b|worker|3|shipped|unset"));
}

TEST_F(TaskManagerCoreTest, PutsLibrariesWhereTheLinkerLooks) {
  auto it = deployment("ls $LD_LIBRARY_PATH >&2; exit 1");
  it.program.libraries = {file("libweir.so", "library")};
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("\n  libweir.so"));
}

TEST_F(TaskManagerCoreTest, NamesAProgramThatCannotBeExecuted) {
  auto it = deployment("");
  it.program.executable = file("job", "this is a text and no program");
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("job is not a program that Linux can execute"));
}

TEST_F(TaskManagerCoreTest, NamesAProgramForAnotherMachine) {
  std::ifstream self("/proc/self/exe", std::ios::binary);
  std::string header(64, '\0');
  self.read(header.data(), 64);
  header[18] = '\xf3';  // RISC-V.
  header[19] = '\0';
  auto it = deployment("");
  it.program.executable = file("job", header);
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("job is built for RISC-V, this machine is "));
}

TEST_F(TaskManagerCoreTest, NamesAMissingInterpreter) {
  auto it = deployment("");
  it.program.executable = file("job", "#!/no/such/interpreter\n");
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("cannot be started on host-1: execute job: its"));
}

TEST_F(TaskManagerCoreTest, NamesABlobThatCannotBeFetched) {
  auto it = deployment("");
  transport_.blobs.clear();
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("cannot be prepared on host-1: fetch job: no blob"));
}

TEST_F(TaskManagerCoreTest, KillsAWorkerThatDoesNotSayHello) {
  settings_.worker.hello_timeout = 100ms;
  const auto exited = runToItsEnd(deployment("sleep 1000"));
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("did not ask for its execution environment within 100 ms"));
}

TEST_F(TaskManagerCoreTest, KillsAWorkerThatSpeaksSomethingElse) {
  const auto exited = runToItsEnd(deployment("printf '\\002\\000\\000\\000xx' >&3; sleep 1000"));
  EXPECT_THAT(exited.cause, HasSubstr("broke the worker protocol"));
}

TEST_F(TaskManagerCoreTest, RefusesAnotherWorkerProtocol) {
  // WorkerReport{hello{protocol_version: 99}}
  const auto exited =
      runToItsEnd(deployment("printf '\\004\\000\\000\\000\\012\\002\\010\\143' >&3; sleep 1000"));
  EXPECT_THAT(exited.cause, HasSubstr("worker protocol 99"));
}

TEST_F(TaskManagerCoreTest, PassesOnWhyAWorkerGaveUp) {
  settings_.worker.end_timeout = 100ms;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  shipFrames(it, {runtime::WorkerFailed{"another graph"}});
  const auto exited = runToItsEnd(it);
  EXPECT_FALSE(exited.expected);
  EXPECT_EQ(exited.cause, "another graph");
}

TEST_F(TaskManagerCoreTest, CutsTheTextsOfAWorkerThatDoesNotCutThemItself) {
  settings_.worker.end_timeout = 100ms;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  auto failed = update(it, runtime::TaskState::kFailed);
  failed.cause = "begins " + std::string(70 << 20, 'x');
  shipFrames(it, {failed, runtime::WorkerFailed{failed.cause}});
  start();
  order(it);
  const auto updates = next<std::vector<runtime::TaskUpdate>>();
  ASSERT_EQ(updates.size(), 1U);
  EXPECT_LE(updates.front().cause.size(), kMostTextBytes);
  EXPECT_THAT(updates.front().cause, ::testing::StartsWith("begins xxx"));
  EXPECT_LE(next<runtime::WorkerExited>().cause.size(), kMostTextBytes);
}

TEST_F(TaskManagerCoreTest, KillsAWorkerWhoseAccumulatorsAreTooLarge) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  auto grown = update(it, runtime::TaskState::kRunning);
  grown.accumulators = {{"values", "Histogram", std::string(48 << 20, 'x')}};
  shipFrames(it, {grown});
  const auto exited = runToItsEnd(it);
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("taskmanager.worker.max-accumulator-size"), HasSubstr("'values'")));
}

TEST_F(TaskManagerCoreTest, SplitsABatchOfReportsThatWouldBeTooLarge) {
  settings_.worker.most_accumulators = 16 << 20;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  auto large = update(it, runtime::TaskState::kRunning);
  large.accumulators = {{"values", "Histogram", std::string(600 << 10, 'x')}};
  const std::vector<runtime::WorkerReport> reports(100, large);
  shipFrames(it, reports);
  start();
  order(it);
  for (std::size_t seen = 0; seen < reports.size();) {
    const auto batch = next<std::vector<runtime::TaskUpdate>>();
    ASSERT_FALSE(batch.empty());
    seen += batch.size();
    std::uint64_t bytes = 0;
    for (const auto& one : batch) {
      bytes += runtime::bytesOf(one);
    }
    EXPECT_LE(bytes, 1U << 20);
  }
}

TEST_F(TaskManagerCoreTest, DeclinesACheckpointWhoseMetadataNoMessageTakes) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  it.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.operators.resize(40);
  std::uint8_t number = 0;
  for (auto& one : ack.operators) {
    one.id = OperatorId(Bytes16{++number});
    one.handle.storage = runtime::StateHandle::Storage::kInline;
    one.handle.bytes = std::string(1 << 20, 's');
    one.handle.size = one.handle.bytes.size();
  }
  shipFrames(it, {ack});
  start();
  order(it);
  EXPECT_THAT(next<runtime::CheckpointDecline>().reason,
              HasSubstr("lower state.backend.fs.memory-threshold"));
}

TEST_F(TaskManagerCoreTest, KillsAWorkerThatDoesNotObeyACancel) {
  auto it = deployment(std::string(kHello) + "trap '' TERM; cat <&3 > " + tmp_ + "/orders");
  it.configuration["task.cancellation.timeout"] = "200 ms";
  start();
  order(it);
  waitForFile(tmp_ + "/orders");
  order(runtime::CancelOrder{it.execution});
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_TRUE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("did not obey the cancel within 200 ms"));
  std::filesystem::remove(tmp_ + "/orders");
}

TEST_F(TaskManagerCoreTest, KillsWhatAWorkerLeavesBehindInItsGroup) {
  const std::string pid_file = tmp_ + "/pid";
  const auto exited = runToItsEnd(deployment("sleep 1000 & echo $! > " + pid_file + "; exit 0"));
  EXPECT_THAT(exited.cause, HasSubstr("exited with status 0"));
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  std::filesystem::remove(pid_file);
  ASSERT_GT(pid, 0);
  for (int i = 0; i < 1000; ++i) {  // A zombie until somebody above reaps it.
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line) || line.find(") Z") != std::string::npos) {
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "process " << pid << " still lives";
}

TEST_F(TaskManagerCoreTest, KillsWhatAWorkerLeavesBehindInASessionOfItsOwn) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // As the daemon is one.
  const std::string pid_file = tmp_ + "/pid";
  // Its parent has ended long before the worker does.
  const auto exited = runToItsEnd(deployment("(setsid sh -c 'echo $$ > " + pid_file +
                                             "; exec sleep 1000' &)\nwhile [ ! -s " + pid_file +
                                             " ]; do sleep 0.01; done; exit 0"));
  EXPECT_THAT(exited.cause, HasSubstr("exited with status 0"));
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  std::filesystem::remove(pid_file);
  ASSERT_GT(pid, 0);
  for (int i = 0; i < 1000; ++i) {  // Reaped by the core, as nobody else does it.
    if (::kill(pid, 0) != 0) {
      ::prctl(PR_SET_CHILD_SUBREAPER, 0);
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  FAIL() << "process " << pid << " is still there";
}

// Neither descent nor the environment leads to this child.
TEST_F(TaskManagerCoreTest, AControlGroupReachesAChildInASessionOfItsOwnWithoutItsEnvironment) {
  auto opened = WorkerCgroups::open(directory_->name());
  if (!opened) {
    GTEST_SKIP() << "no control groups are delegated: " << opened.error().text();
  }
  groups_ = *std::move(opened);
  const std::string pid_file = tmp_ + "/pid";
  const auto it = deployment(std::string(kHello) + "(env -i setsid sh -c 'echo $$ > " + pid_file +
                             "; exec sleep 1000' &)\nsleep 1000");
  start();
  order(it);
  waitForFile(pid_file);
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  std::filesystem::remove(pid_file);
  ASSERT_GT(pid, 0);
  loop_.runSync([this] { core_->onLost("test"); });  // Kills.
  for (int i = 0; i < 1000; ++i) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    if (!std::getline(stat, line) || line.find(") Z") != std::string::npos) {
      return;
    }
    std::this_thread::sleep_for(10ms);
  }
  ::kill(pid, SIGKILL);
  FAIL() << "process " << pid << " still lives";
}

TEST_F(TaskManagerCoreTest, AWorkerMayLeaveACoreFileAsLargeAsItsSettingsSay) {
  settings_.worker.core_bytes = 3 << 20;
  EXPECT_THAT(runToItsEnd(deployment("cat /proc/self/limits >&2; exit 1")).cause,
              ::testing::ContainsRegex("Max core file size +3145728 "));
}

TEST_F(TaskManagerCoreTest, AWorkerLeavesNoCoreFileOnItsOwn) {
  EXPECT_THAT(runToItsEnd(deployment("cat /proc/self/limits >&2; exit 1")).cause,
              ::testing::ContainsRegex("Max core file size +0 "));
}

TEST_F(TaskManagerCoreTest, CountsTheMemoryOfWhatAWorkerHasStarted) {
  settings_.worker.memory_per_slot = 64 << 20;
  auto it = deployment(std::string(kHello) +
                       "setsid sh -c 'x=$(yes | head -c 100000000); sleep 1000; echo $x' & wait");
  it.slots = 1;
  const auto exited = runToItsEnd(it);
  EXPECT_THAT(
      exited.cause,
      AllOf(HasSubstr("with what it has started, used"), HasSubstr("taskmanager.slot.memory")));
}

TEST_F(TaskManagerCoreTest, LetsAWorkerThatHangsSayWhereBeforeItIsKilled) {
  auto it = deployment("trap 'echo \"weir: task hangs here\" >&2' QUIT\n" + std::string(kHello) +
                       "dd bs=1 count=1 <&3 >/dev/null 2>&1\n"  // Of its deployment.
                       "echo x > " +
                       tmp_ + "/ready; while true; do sleep 0.01; done");
  it.configuration["task.cancellation.timeout"] = "100 ms";
  start();
  order(it);
  waitForFile(tmp_ + "/ready");
  order(runtime::CancelOrder{it.execution});
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_TRUE(exited.expected);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("did not obey the cancel"), HasSubstr("weir: task hangs here")));
  std::filesystem::remove(tmp_ + "/ready");
}

TEST_F(TaskManagerCoreTest, PassesTheOutputOfWorkersOnUnderTheNameOfTheirJob) {
  const std::string out = tmp_ + "/out";
  const UniqueFd file(::open(out.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  {
    daemon::OutputSink sink(file.get(), {});
    settings_.worker.standard_output = &sink;
    auto it = deployment("echo one; printf 'two without end'; exit 1");
    it.graph.name = "Word Count";
    (void)runToItsEnd(it);
  }
  std::ostringstream text;
  text << std::ifstream(out).rdbuf();
  EXPECT_EQ(text.str(),
            "==> job 'Word Count' (" + JobId(Bytes16{9}).hex() + ") <==\none\ntwo without end\n");
  std::filesystem::remove(out);
}

TEST_F(TaskManagerCoreTest, KeepsTheDirectoriesOfTheLastWorkersThatFailed) {
  settings_.worker.kept_directories = 2;
  start();
  for (std::uint64_t attempt = 1; attempt <= 3; ++attempt) {
    order(deployment("echo found > left-behind; exit 1", attempt));
    EXPECT_THAT(next<runtime::WorkerExited>().cause,
                HasSubstr("; its directory is kept as " + tmp_));
  }
  const std::string kept = tmp_ + "/weir-failed-" + JobId(Bytes16{9}).hex() + "-";
  waitForFile(kept + "3/work/left-behind");
  EXPECT_TRUE(std::filesystem::exists(kept + "2/work/left-behind"));
  EXPECT_FALSE(std::filesystem::exists(kept + "1"));
  std::filesystem::remove_all(kept + "2");
  std::filesystem::remove_all(kept + "3");
}

TEST_F(TaskManagerCoreTest, StartsWorkersAfterACleanerHasDeletedItsDirectory) {
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

TEST_F(TaskManagerCoreTest, TwoShippedFilesOfOneNameEndTheJob) {
  auto it = deployment("exit 1");
  it.program.shipped = {file("data.txt", "a"), file("data.txt", "b")};
  const auto exited = runToItsEnd(it);
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause, HasSubstr("two files of the job are named \"data.txt\""));
}

TEST_F(TaskManagerCoreTest, SaysOfTasksThatItCancelsThatItIsBeingStopped) {
  auto it = deployment(std::string(kHello) + "echo x > " + tmp_ + "/ready; while [ ! -e " + tmp_ +
                       "/go ]; do sleep 0.01; done; cat frames >&3; exit 0");
  shipFrames(it, {update(it, runtime::TaskState::kCanceled)});
  start();
  order(it);
  waitForFile(tmp_ + "/ready");
  loop_.runSync([this] { core_->stop([] {}); });
  std::ofstream(tmp_ + "/go") << "x";
  EXPECT_EQ(next<std::vector<runtime::TaskUpdate>>().front().cause,
            "the task manager on host-1 is being stopped");
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("is being stopped"));
  std::filesystem::remove(tmp_ + "/ready");
  std::filesystem::remove(tmp_ + "/go");
}

TEST_F(TaskManagerCoreTest, AnEndAfterAllTasksHaveEndedIsExpected) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; exit 0");
  shipFrames(it,
             {update(it, runtime::TaskState::kRunning), update(it, runtime::TaskState::kFinished)});
  start();
  order(it);
  std::size_t updates = 0;
  while (updates < 2) {
    const auto batch = next<std::vector<runtime::TaskUpdate>>();
    ASSERT_FALSE(batch.empty());
    updates += batch.size();
  }
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_TRUE(exited.expected);
  EXPECT_EQ(exited.cause, "");
}

TEST_F(TaskManagerCoreTest, IgnoresWhatAWorkerSaysOfAnotherAttempt) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; exit 0");
  auto foreign = update(it, runtime::TaskState::kFinished);
  foreign.execution.attempt = AttemptId(77);
  shipFrames(it, {foreign});
  EXPECT_FALSE(runToItsEnd(it).expected);
}

TEST_F(TaskManagerCoreTest, MovesLargeStateToTheBlobStoreBeforeItAcknowledges) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.checkpoint = CheckpointId(4);
  for (const std::size_t size : {std::size_t{100'000}, std::size_t{10}}) {
    runtime::OperatorSnapshot snapshot;
    snapshot.id = OperatorId(Bytes16{static_cast<std::uint8_t>(size % 7)});
    snapshot.handle.storage = runtime::StateHandle::Storage::kInline;
    snapshot.handle.bytes = std::string(size, 's');
    snapshot.handle.size = size;
    ack.operators.push_back(snapshot);
  }
  shipFrames(it, {ack});
  start();
  order(it);
  const auto received = next<runtime::CheckpointAck>();
  ASSERT_EQ(received.operators.size(), 2U);
  EXPECT_EQ(received.operators[0].handle.storage, runtime::StateHandle::Storage::kBlob);
  EXPECT_EQ(received.operators[0].handle.location, "state-1");
  EXPECT_EQ(received.operators[0].handle.size, 100'000U);
  EXPECT_THAT(received.operators[0].handle.bytes, IsEmpty());
  EXPECT_EQ(received.operators[1].handle.storage, runtime::StateHandle::Storage::kInline);
  EXPECT_EQ(transport_.stored.front(), std::string(100'000, 's'));
}

TEST_F(TaskManagerCoreTest, DeclinesNamingTheOperatorWhoseStateTheJobManagerHasNoRoomFor) {
  transport_.most_stored = 1;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.checkpoint = CheckpointId(4);
  for (const std::uint8_t id : {1, 2}) {
    runtime::OperatorSnapshot& snapshot = ack.operators.emplace_back();
    snapshot.id = OperatorId(Bytes16{id});
    snapshot.handle.storage = runtime::StateHandle::Storage::kInline;
    snapshot.handle.bytes = std::string(100'000, 's');
    snapshot.handle.size = 100'000;
  }
  shipFrames(it, {ack});
  start();
  order(it);
  EXPECT_EQ(next<runtime::CheckpointDecline>().reason,
            "the state of operator " + ack.operators[1].id.hex() +
                " cannot be sent to the job manager: no room for 100000");
  const auto held = next<runtime::CheckpointAck>();  // So that it lets go of the first.
  ASSERT_EQ(held.operators.size(), 1U);
  EXPECT_EQ(held.operators[0].handle.location, "state-1");
}

class ManySectionsTest : public TaskManagerCoreTest {
 protected:
  /// A worker's acknowledgement with one section of each size.
  runtime::Deployment acknowledging(const std::vector<std::size_t>& sizes,
                                    runtime::CheckpointStorage::Kind kind) {
    auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
    it.storage.kind = kind;
    runtime::CheckpointAck ack;
    ack.execution = it.execution;
    for (const std::size_t size : sizes) {
      runtime::OperatorSnapshot& one = ack.operators.emplace_back();
      one.id = OperatorId(Bytes16{static_cast<std::uint8_t>(ack.operators.size())});
      one.handle.storage = runtime::StateHandle::Storage::kInline;
      one.handle.bytes = std::string(size, 's');
      one.handle.size = size;
    }
    shipFrames(it, {ack});
    return it;
  }
};

TEST_F(ManySectionsTest, LeaveForTheBlobStoreWhereTheyAreLargeTogether) {
  std::vector<std::size_t> sizes(30, 50'000);
  sizes.push_back(100);
  const auto it = acknowledging(sizes, runtime::CheckpointStorage::Kind::kJobManager);
  start();
  order(it);
  const auto received = next<runtime::CheckpointAck>();
  ASSERT_EQ(received.operators.size(), sizes.size());
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(received.operators[i].handle.storage, runtime::StateHandle::Storage::kBlob);
  }
  EXPECT_EQ(received.operators[30].handle.storage, runtime::StateHandle::Storage::kInline);
}

TEST_F(ManySectionsTest, DeclineTheirCheckpointWhereNoMessageTakesThemAndTheJobGoesOn) {
  terms_.most_message = 20'000;
  start();
  order(acknowledging({9000, 500, 800}, runtime::CheckpointStorage::Kind::kFileSystem));
  const auto declined = next<runtime::CheckpointDecline>();
  EXPECT_THAT(declined.reason,
              AllOf(HasSubstr("more than the 10000 that a message to the job manager takes"),
                    HasSubstr("of operator 01000000000000000000000000000000"),
                    HasSubstr("lower state.backend.fs.memory-threshold")));
}

TEST_F(TaskManagerCoreTest, AReportThatNoMessageTakesFailsItsJobAndNotTheSession) {
  terms_.most_message = 20'000;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  auto large = update(it, runtime::TaskState::kRunning);
  large.accumulators = {{"values", "Histogram", std::string(11'000, 'x')}};
  shipFrames(it, {large});
  const auto exited = runToItsEnd(it);
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("job " + JobId(Bytes16{9}).hex() + " on host-1"),
                    HasSubstr("jobmanager.rpc.max-message-size")));
}

TEST_F(TaskManagerCoreTest, FetchesStateThatLiesOnTheJobManager) {
  transport_.blobs["state-5"] = "old state";
  auto it = deployment("cat ../state/0 >&2; exit 1");
  auto& sections = it.restores.lists.emplace_back(2);
  for (auto& section : sections) {
    section.handle.storage = runtime::StateHandle::Storage::kBlob;
    section.handle.location = "state-5";
    section.handle.size = 9;
  }
  EXPECT_THAT(runToItsEnd(it).cause, HasSubstr("\n  old state"));
}

TEST_F(TaskManagerCoreTest, FetchesOfABlobWhatItsSectionsReachTo) {
  transport_.blobs["state-5"] = "one two three";
  auto it = deployment("ls ../state >&2; cat ../state/0 >&2; exit 1");
  it.restores.lists.resize(2);
  for (std::uint64_t offset = 0; offset < 8; offset += 4) {
    runtime::StateHandle& handle = it.restores.lists[offset / 4].emplace_back().handle;
    handle.storage = runtime::StateHandle::Storage::kBlob;
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
    it.graph.name = "my job";
    it.graph.operators.resize(1);
    it.graph.operators[0].name = "Count per word";
    runtime::RestoreSection section;
    section.handle.storage = runtime::StateHandle::Storage::kInline;
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

TEST_F(TaskManagerCoreTest, KillsAWorkerThatUsesMoreMemoryThanItsSlots) {
  settings_.worker.memory_per_slot = 32 << 20;
  const auto exited = runToItsEnd(deployment(
      "x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23; "
      "do x=$x$x; done; sleep 1000"));
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("MiB of memory, more than the 32 MiB"),
                    HasSubstr("taskmanager.slot.memory")));
}

TEST_F(TaskManagerCoreTest, KillsAWorkerThatNoLongerAnswers) {
  terms_ = {20ms, 100ms, nanosSinceBoot()};
  auto it = deployment(std::string(kHelloWithLeases) + "cat frames >&3; sleep 1000");
  shipFrames(it, {runtime::LeaseTaken{1}});
  const auto exited = runToItsEnd(it);
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("did not answer for 120 ms"),
                    HasSubstr("(it hangs, or was stopped) and was killed")));
}

TEST_F(TaskManagerCoreTest, WaitsForAWorkerThatHasNotComeToExecuteAndForOneOfTheLastProtocol) {
  terms_ = {5ms, 20ms, nanosSinceBoot()};
  start();
  order(deployment(std::string(kHelloWithLeases) + "sleep 0.5; exit 3"));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("status 3"));
  auto old = deployment(std::string(kHello) + "cat frames >&3; sleep 0.5; exit 4", 2);
  shipFrames(old, {update(old, runtime::TaskState::kRunning)});
  order(old);
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("status 4"));
}

TEST_F(TaskManagerCoreTest, RenewsLeasesUpToTheTimeoutAfterWhatWasHeard) {
  terms_ = {1h, 10s, nanosSinceBoot()};
  start();
  order(deployment(std::string(kHelloWithLeases) + "exec cat <&3 > " + tmp_ + "/orders"));
  const std::string orders = tmp_ + "/orders";
  waitForFile(orders);
  loop_.runSync([this] { core_->onHeard(1); });
  std::vector<std::int64_t> leases;
  for (int i = 0; i < 2000 && leases.size() < 2; ++i) {
    std::this_thread::sleep_for(10ms);
    std::ifstream file(orders, std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    leases.clear();
    std::uint32_t size = 0;
    for (std::size_t at = 0; at + sizeof size <= bytes.size(); at += sizeof size + size) {
      std::memcpy(&size, bytes.data() + at, sizeof size);
      const auto one = wire::decodeWorkerOrder(bytes.substr(at + sizeof size, size));
      if (one && std::holds_alternative<runtime::LeaseOrder>(*one)) {
        leases.push_back(std::get<runtime::LeaseOrder>(*one).until_nanos);
      }
    }
  }
  ASSERT_EQ(leases.size(), 2U);
  EXPECT_EQ(leases[0], terms_.asked_at + 10'000'000'000);
  EXPECT_GT(leases[1], leases[0]);
  EXPECT_LT(leases[1], nanosSinceBoot() + 10'000'000'000);
  loop_.runSync([this] { core_->onLost("closed"); });
  std::filesystem::remove(orders);
}

TEST_F(TaskManagerCoreTest, FreesSlotsOnlyWhenTheProcessIsReaped) {
  start();
  auto first = deployment("sleep 1000");
  first.slots = 2;
  order(first);
  order(deployment("exit 0", 2));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("needs 1 slots, but 0 of 2 are free"));
  order(runtime::CancelOrder{first.execution});
  EXPECT_EQ(next<runtime::WorkerExited>().execution, first.execution);
  order(deployment("exit 5", 3));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("status 5"));
}

TEST_F(TaskManagerCoreTest, AWorkerThatDiscardsHandlesTakesNoSlot) {
  start();
  auto all = deployment("sleep 1000");
  all.slots = 2;
  order(all);
  auto it = deployment(std::string(kHello) + "exit 0", 2);
  it.discards_handles = true;
  order(it);
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_EQ(exited.execution, it.execution);
  EXPECT_TRUE(exited.expected) << exited.cause;
  order(runtime::CancelOrder{all.execution});
  next<runtime::WorkerExited>();
}

TEST_F(TaskManagerCoreTest, PassesOnWhichHandleADyingWorkerHadBegun) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; kill -9 $$");
  it.discards_handles = true;
  shipFrames(it,
             {runtime::HandleDiscarded{it.execution, 0, false, ""},
              runtime::HandleDiscarded{it.execution, 0, true, "threw"},
              runtime::HandleDiscarded{it.execution, 1, false, ""}});
  start();
  order(it);
  EXPECT_FALSE(next<runtime::HandleDiscarded>().done);
  EXPECT_EQ(next<runtime::HandleDiscarded>().error, "threw");
  EXPECT_EQ(next<runtime::HandleDiscarded>().index, 1U);
  const auto exited = next<runtime::WorkerExited>();  // After them.
  EXPECT_FALSE(exited.expected);
  EXPECT_THAT(exited.cause, HasSubstr("SIGKILL"));
}

TEST_F(TaskManagerCoreTest, RefusesADeploymentOfAnOlderLeader) {
  start();
  auto newer = deployment("sleep 1000", 2);
  newer.execution.epoch = LeaderEpoch(2);
  order(newer);
  order(deployment("sleep 1000"));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("a newer job manager"));
}

TEST_F(TaskManagerCoreTest, AnswersACancelOfWhatItDoesNotHave) {
  start();
  order(runtime::CancelOrder{{JobId(Bytes16{3}), AttemptId(1), LeaderEpoch(1)}});
  EXPECT_TRUE(next<runtime::WorkerExited>().expected);
}

TEST_F(TaskManagerCoreTest, RegistersAgainWhenTheJobManagerIsLostAndAllWorkersAreGone) {
  start();
  order(deployment(std::string(kHello) + "sleep 1000"));
  loop_.runSync([this] { core_->onLost("closed"); });
  std::unique_lock lock(link_.mutex);
  ASSERT_TRUE(link_.changed.wait_for(lock, 20s, [this] { return link_.opened == 2; }));
  lock.unlock();
  loop_.runSync([this] { EXPECT_EQ(core_->workers(), 0U); });
}

TEST_F(TaskManagerCoreTest, StopsWhenTheLastWorkerIsReaped) {
  settings_.stop_grace = 100ms;
  start();
  order(deployment(std::string(kHello) + "sleep 1000"));
  std::promise<std::size_t> stopped;
  loop_.runSync([&] { core_->stop([&] { stopped.set_value(core_->workers()); }); });
  EXPECT_EQ(stopped.get_future().get(), 0U);
  EXPECT_TRUE(link_.closed);
}

TEST_F(TaskManagerCoreTest, RefusesAPeerWithAWrongToken) {
  start();
  const auto it = deployment(std::string(kHello) + "echo > " + tmp_ + "/up; sleep 1000");
  order(it);
  waitForFile(tmp_ + "/up");
  std::filesystem::remove(tmp_ + "/up");
  worker::DataHello hello;
  hello.job = it.execution.job;
  hello.attempt = it.execution.attempt;
  UniqueFd socket(::dup(1));
  loop_.runSync([&] {
    EXPECT_EQ(core_->route(hello, socket), PeerRouting::kRefused);
    hello.token = worker::helloToken(it.token);
    hello.to_worker = 1;
    EXPECT_EQ(core_->route(hello, socket), PeerRouting::kRefused);
    hello.attempt = AttemptId(2);
    EXPECT_EQ(core_->route(hello, socket), PeerRouting::kNotYet);
  });
  hello.to_worker = 0;
  hello.attempt = it.execution.attempt;
  PeerRouting routed = PeerRouting::kNotYet;
  for (int i = 0; i < 1000 && routed == PeerRouting::kNotYet; ++i) {
    loop_.runSync([&] { routed = core_->route(hello, socket); });
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_EQ(routed, PeerRouting::kTaken);
}

TEST_F(TaskManagerCoreTest, ProbesADirectory) {
  ASSERT_TRUE(fs::writeAll(files_, "/shared/probe-jm", "hello"));
  start();
  order(runtime::ProbeOrder{1, "/shared", "probe-jm", "hello", "probe-tm", "answer"});
  EXPECT_EQ(next<runtime::ProbeResult>().error, "");
  EXPECT_EQ(*fs::readAll(files_, "/shared/probe-tm"), "answer");
  order(runtime::ProbeOrder{2, "/local", "probe-jm", "hello", "probe-tm", "answer"});
  EXPECT_THAT(next<runtime::ProbeResult>().error, HasSubstr("it does not show /local/probe-jm"));
}

TEST_F(TaskManagerCoreTest, DirectoriesThatHangHoldUpNoJobAndAreRefusedInTheEnd) {
  start();
  for (std::uint64_t id = 1; id <= 65; ++id) {
    order(runtime::ProbeOrder{id, "/hung", "probe-jm", "hello", "probe-tm", "answer"});
  }
  const auto refused = next<runtime::ProbeResult>();
  EXPECT_EQ(refused.id, 65);
  EXPECT_THAT(refused.error, HasSubstr("host-1: 64 probes of directories have not come back"));
  order(deployment("exit 0"));
  EXPECT_THAT(next<runtime::WorkerExited>().cause, HasSubstr("exited"));
  files_.letGo();
}

TEST_F(TaskManagerCoreTest, ACancelDoesNotWaitForWhatCannotBeFetched) {
  start();
  auto it = deployment("exit 0");
  transport_.stuck = it.program.executable.blob.sha256;
  order(it);
  order(runtime::CancelOrder{it.execution});
  EXPECT_TRUE(next<runtime::WorkerExited>().expected);
  transport_.letGo();
}

TEST_F(TaskManagerCoreTest, RegistersAgainThoughAPreparationHangs) {
  start();
  auto it = deployment("exit 0");
  transport_.stuck = it.program.executable.blob.sha256;
  order(it);
  loop_.runSync([&] { core_->onLost("test"); });
  {
    std::unique_lock lock(link_.mutex);
    EXPECT_TRUE(link_.changed.wait_for(lock, 20s, [&] { return link_.opened == 2; }));
  }
  transport_.letGo();
}

}  // namespace
}  // namespace weir::taskmanager
