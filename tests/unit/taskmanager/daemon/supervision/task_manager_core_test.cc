#include "common/runtime/report_limits.h"
#include "tests/unit/taskmanager/daemon/supervision/core_fixture.h"

namespace weir::taskmanager {
namespace {

TEST_F(TaskManagerCoreTest, AnnouncesItsDataPortAndReportsWhatRuns) {
  start();
  EXPECT_EQ(link_.registration.data_port, data_port_->port());
  EXPECT_THAT(next<runtime::Heartbeat>().running, IsEmpty());
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

TEST_F(TaskManagerCoreTest, SaysOfTasksThatItCancelsThatItIsBeingStopped) {
  auto it =
      deployment(std::string(kHello) + kHearsWork + "echo x > " + tmp_ + "/ready; while [ ! -e " +
                 tmp_ + "/go ]; do sleep 0.01; done; cat frames >&3; exit 0");
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

TEST_F(TaskManagerCoreTest, IgnoresWhatAWorkerSaysOfAnotherAttempt) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; exit 0");
  auto foreign = update(it, runtime::TaskState::kFinished);
  foreign.execution.attempt = AttemptId(77);
  shipFrames(it, {foreign});
  EXPECT_FALSE(runToItsEnd(it).expected);
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
  order(discarding(it));
  const auto exited = next<runtime::WorkerExited>();
  EXPECT_EQ(exited.execution, it.execution);
  EXPECT_TRUE(exited.expected) << exited.cause;
  order(runtime::CancelOrder{all.execution});
  next<runtime::WorkerExited>();
}

TEST_F(TaskManagerCoreTest, PassesOnWhichHandleADyingWorkerHadBegun) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; kill -9 $$");
  shipFrames(it,
             {runtime::HandleDiscarded{it.execution, 0, false, ""},
              runtime::HandleDiscarded{it.execution, 0, true, "threw"},
              runtime::HandleDiscarded{it.execution, 1, false, ""}});
  start();
  order(discarding(it));
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
