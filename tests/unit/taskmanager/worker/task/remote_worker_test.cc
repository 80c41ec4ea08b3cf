#include <mutex>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "taskmanager/worker/network/hello.h"
#include "tests/unit/taskmanager/worker/task/fakes.h"

namespace weir::worker {
namespace {

using runtime::TaskState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Listens as a task manager does, and hands each connection to a worker.
class FakeDataPort {
 public:
  using Route = std::function<void(int fd, const DataHello& hello)>;

  explicit FakeDataPort(Route route) : route_(std::move(route)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 8);
    socklen_t length = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeDataPort() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port() const { return port_; }
  /// Closes the first so many connections, as if no worker were there yet.
  std::atomic<int> refuse{0};

 private:
  void serve() {
    for (int fd = ::accept(listener_, nullptr, nullptr); fd >= 0;
         fd = ::accept(listener_, nullptr, nullptr)) {
      std::array<char, DataHello::kSize> bytes{};
      if (::recv(fd, bytes.data(), bytes.size(), MSG_WAITALL) !=
              static_cast<ssize_t>(bytes.size()) ||
          refuse-- > 0) {
        ::close(fd);
        continue;
      }
      route_(fd, *DataHello::decode({bytes.data(), bytes.size()}));
    }
  }

  Route route_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Two workers in one process, connected by TCP over loopback; subtask i runs in worker i.
class RemoteWorkerTest : public ::testing::Test {
 protected:
  RemoteWorkerTest() {
    deployment_.execution = {JobId(), AttemptId(1), LeaderEpoch(1)};
    deployment_.token = "0123456789abcdef";
    for (auto& port : ports_) {
      const std::size_t self = &port - ports_.data();
      port = std::make_unique<FakeDataPort>([this, self](int fd, const DataHello& hello) {
        EXPECT_EQ(hello.token, helloToken(deployment_.token));
        EXPECT_EQ(hello.to_worker, self);
        const std::lock_guard lock(mutex_);
        if (workers_[self] != nullptr) {
          workers_[self]->adopt(fd, {hello.from_worker, hello.token});
        } else {
          ::close(fd);  // It has ended, as endWorker() asked.
        }
      });
      deployment_.workers.push_back({TaskManagerId(), "127.0.0.1", port->port()});
    }
  }
  void TearDown() override {
    ports_ = {};
    workers_ = {};
  }
  void start() {
    graph::ProgramGraph program = keyedJob(space_, 2);
    program.graph.checkpoints = settings_;
    deployment_.graph = std::move(program.graph);
    deployment_.placement = {{0, 1}, {0, 1}};
    for (std::uint32_t self = 0; self < 2; ++self) {
      deployment_.self = self;
      auto made =
          Worker::make(deployment_,
                       program.code,
                       WorkerSurroundings{files_,
                                          random_,
                                          clock_,
                                          [this](auto report) { reports_.add(std::move(report)); },
                                          {}});
      ASSERT_TRUE(made.has_value());
      workers_[self] = *std::move(made);
    }
    for (auto& worker : workers_) {
      worker->start();
    }
  }
  /// Cancels the tasks of a worker and closes its connections.
  void endWorker(std::size_t self) {
    std::unique_ptr<Worker> ended;
    {
      const std::lock_guard lock(mutex_);
      ended = std::move(workers_[self]);
    }
  }
  void tellBoth(const runtime::WorkerOrder& order) {
    for (auto& worker : workers_) {
      if (worker) {
        worker->handle(order);
      }
    }
  }
  void trigger(std::uint64_t id, runtime::StopMode stop = runtime::StopMode::kNone) {
    runtime::CheckpointOrder order;
    order.checkpoint = CheckpointId(id);
    order.stop = stop;
    tellBoth(runtime::TriggerOrder{deployment_.execution, order});
  }

  JobSpace space_;
  Reports reports_;
  fs::MemoryFileSystem files_;
  SystemRandom random_;
  SystemClock clock_;
  graph::CheckpointSettings settings_;
  runtime::Deployment deployment_;
  std::mutex mutex_;  // Connections still come while a worker ends.
  std::array<std::unique_ptr<Worker>, 2> workers_;
  std::array<std::unique_ptr<FakeDataPort>, 2> ports_;
};

TEST_F(RemoteWorkerTest, EveryRecordArrivesOnceAcrossWorkersWithCheckpointsOnTheWay) {
  space_.count = 1'000'000;
  start();
  reports_.awaitState(4, TaskState::kRunning);
  for (std::uint64_t id = 1; id <= 5; ++id) {
    trigger(id);
    EXPECT_EQ(reports_.awaitAcks(4, id).size(), 4U);
  }
  reports_.awaitInputEnded(4);
  trigger(6);
  EXPECT_EQ(reports_.awaitAcks(4, 6).size(), 4U);
  tellBoth(runtime::FinishOrder{deployment_.execution});
  EXPECT_EQ(reports_.awaitState(4, TaskState::kFinished).size(), 4U);
  for (std::uint64_t key = 0; key < space_.keys; ++key) {
    EXPECT_EQ(space_.sums[key], 2 * space_.count / space_.keys);
  }
}

TEST_F(RemoteWorkerTest, AWatermarkCrossesWorkersBehindTheRecordsOfAllSources) {
  space_.keys = 1;  // Sink 0 receives them all.
  space_.watermark_every = 500;
  start();
  reports_.awaitInputEnded(4);
  std::lock_guard lock(space_.mutex);
  std::vector<std::uint64_t> of_sink_0;
  for (const std::string& event : space_.events) {
    std::uint64_t time = 0;
    std::uint64_t received = 0;
    if (std::sscanf(event.c_str(), "watermark %lu behind %lu", &time, &received) == 2 &&
        received != 0) {
      EXPECT_GE(received, 2 * time) << event;
      of_sink_0.push_back(time);
    }
  }
  EXPECT_THAT(of_sink_0, ElementsAre(500, 1000));
}

TEST_F(RemoteWorkerTest, ConnectsAgainWhileTheOtherWorkerIsNotThereYet) {
  ports_[0]->refuse = 2;
  start();
  reports_.awaitInputEnded(4);
  EXPECT_EQ(space_.received, 2 * space_.count);
}

TEST_F(RemoteWorkerTest, ClosesAConnectionThatShowedAnotherAttemptsToken) {
  start();
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  workers_[0]->adopt(ends[0], {1, helloToken("another attempt!")});
  char byte = 0;
  EXPECT_EQ(::recv(ends[1], &byte, 1, 0), 0) << "not closed";
  ::close(ends[1]);
  reports_.awaitInputEnded(4);
  EXPECT_EQ(space_.received, 2 * space_.count);
}

TEST_F(RemoteWorkerTest, CreditsBoundWhatIsUnderWayToASlowConsumer) {
  space_.count = 1'000'000'000;
  space_.sink_nanos = 500'000;
  start();
  while (space_.received < 100) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const auto start = std::chrono::steady_clock::now();
  trigger(1);
  reports_.awaitAcks(4, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_LT(space_.emitted - space_.received, 20'000U);
}

TEST_F(RemoteWorkerTest, ABarrierOvertakesWhatCameFromAnotherWorkerAndCreditsComeBack) {
  settings_.unaligned = true;
  space_.count = 20'000;
  space_.sink_nanos = 20'000'000;
  start();
  for (std::uint64_t id = 1; id <= 20; ++id) {  // Each may overdraw.
    while (space_.received < 3 * id) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    trigger(id);
    std::uint64_t in_flight = 0;
    for (const auto& ack : reports_.awaitAcks(4, id)) {
      EXPECT_TRUE(ack.unaligned);
      in_flight += ack.in_flight_bytes;
    }
    EXPECT_GT(in_flight, 0U);
  }
  space_.sink_nanos = 0;
  reports_.awaitInputEnded(4);
  tellBoth(runtime::FinishOrder{deployment_.execution});
  reports_.awaitState(4, TaskState::kFinished);
  EXPECT_EQ(space_.received, 2 * space_.count);
}

TEST_F(RemoteWorkerTest, ALostConnectionFailsTheTasksThatUseItNamingThePeer) {
  space_.count = 1'000'000'000;
  start();
  while (space_.received < 1000) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  endWorker(1);
  const auto failed = reports_.awaitState(2, TaskState::kFailed);
  EXPECT_THAT(failed[0].cause,
              HasSubstr("127.0.0.1:" + std::to_string(deployment_.workers[1].data_port)));
}

TEST_F(RemoteWorkerTest, AWorkerThatHasFinishedHarmsNobodyWhoStillCommitsWhenTheJobStops) {
  space_.count = 1'000'000'000;
  start();
  while (space_.received < 1000) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  trigger(1, runtime::StopMode::kSuspend);
  reports_.awaitAcks(4, 1);
  workers_[1]->handle(runtime::FinishOrder{deployment_.execution});
  reports_.awaitState(2, TaskState::kFinished);
  endWorker(1);
  trigger(2);  // The other one lives on: its source takes part.
  reports_.awaitAcks(1, 2);
  workers_[0]->handle(runtime::FinishOrder{deployment_.execution});
  EXPECT_EQ(reports_.awaitState(4, TaskState::kFinished).size(), 4U);
  EXPECT_EQ(space_.received, space_.emitted);
}

TEST_F(RemoteWorkerTest, AWorkerOfAStopThatIsAbortedIsMissed) {
  space_.count = 1'000'000'000;
  start();
  while (space_.received < 1000) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  trigger(1, runtime::StopMode::kSuspend);
  reports_.awaitAcks(4, 1);
  endWorker(1);
  tellBoth(runtime::NotifyOrder{deployment_.execution, CheckpointId(1), false});
  EXPECT_THAT(reports_.awaitState(2, TaskState::kFailed)[0].cause, HasSubstr("was lost"));
}

TEST_F(RemoteWorkerTest, AWorkerThatLeavesAfterTheEndOfItsInputHarmsNobody) {
  start();
  reports_.awaitInputEnded(4);
  workers_[1]->handle(runtime::FinishOrder{deployment_.execution});
  workers_[1]->join();
  endWorker(1);
  trigger(1);
  workers_[0]->handle(runtime::FinishOrder{deployment_.execution});
  EXPECT_EQ(reports_.awaitState(4, TaskState::kFinished).size(), 4U);
}

}  // namespace
}  // namespace weir::worker
