#include "taskmanager/worker/task/worker_process.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/encoding.h"
#include "tests/unit/taskmanager/worker/task/fakes.h"

namespace weir::worker {
namespace {

using runtime::TaskState;

/// The task manager's end of a worker's socket pair.
class FakeTaskManager {
 public:
  FakeTaskManager() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
    ours_ = ends[0];
    workers_end = ends[1];
  }
  ~FakeTaskManager() { close(); }
  void close() {
    if (ours_ >= 0) {
      ::close(std::exchange(ours_, -1));
    }
  }
  static std::string frame(const runtime::WorkerOrder& order) {
    const std::string body = wire::encode(order);
    const auto length = static_cast<std::uint32_t>(body.size());
    std::string bytes(sizeof length, '\0');
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes + body;
  }
  void sendBytes(std::string_view bytes) {
    EXPECT_EQ(::send(ours_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }
  void send(const runtime::WorkerOrder& order) { sendBytes(frame(order)); }
  void sendWithDescriptor(const runtime::WorkerOrder& order, int fd) {
    std::string bytes = frame(order);
    iovec place{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fd)> control{};
    msghdr message{};
    message.msg_iov = &place;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
    EXPECT_GT(::sendmsg(ours_, &message, 0), 0);
  }
  runtime::WorkerReport receive() {
    std::uint32_t length = 0;
    EXPECT_EQ(::recv(ours_, &length, sizeof length, MSG_WAITALL), 4);
    std::string body(length, '\0');
    EXPECT_EQ(::recv(ours_, body.data(), length, MSG_WAITALL), static_cast<ssize_t>(length));
    return *wire::decodeWorkerReport(body);
  }

  int workers_end = -1;

 private:
  int ours_ = -1;
};

runtime::ExecutionId execution() { return {JobId(), AttemptId(1), LeaderEpoch(1)}; }

TEST(ControlSocketTest, ReadsOrdersThatComeInPieces) {
  FakeTaskManager manager;
  ControlSocket socket(manager.workers_end);
  const std::string bytes = FakeTaskManager::frame(runtime::FinishOrder{execution()});
  manager.sendBytes(bytes.substr(0, 3));
  std::thread later([&] { manager.sendBytes(bytes.substr(3) + bytes); });
  for (int i = 0; i < 2; ++i) {
    auto received = socket.receive();
    ASSERT_TRUE(received.has_value() && received->has_value());
    EXPECT_TRUE(std::holds_alternative<runtime::FinishOrder>((*received)->order));
  }
  later.join();
}

TEST(ControlSocketTest, HandsThePeersDescriptorOutWithItsFrame) {
  FakeTaskManager manager;
  ControlSocket socket(manager.workers_end);
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  manager.send(runtime::FinishOrder{execution()});
  manager.sendWithDescriptor(runtime::PeerConnection{5, std::nullopt}, pipe[1]);
  EXPECT_EQ((*socket.receive())->descriptor, -1);
  auto received = socket.receive();
  ASSERT_GE((*received)->descriptor, 0);
  EXPECT_EQ(std::get<runtime::PeerConnection>((*received)->order).from_worker, 5U);
  EXPECT_EQ(::write((*received)->descriptor, "x", 1), 1);
  for (const int fd : {pipe[0], pipe[1], (*received)->descriptor}) {
    ::close(fd);
  }
}

TEST(ControlSocketTest, TheEndOfTheTaskManagerIsNoError) {
  FakeTaskManager manager;
  ControlSocket socket(manager.workers_end);
  manager.close();
  const auto received = socket.receive();
  ASSERT_TRUE(received.has_value());
  EXPECT_FALSE(received->has_value());
}

TEST(WorkerProcessTest, RunsItsDeploymentUntilToldToFinish) {
  FakeTaskManager manager;
  JobSpace space;
  runtime::Deployment deployment;
  deployment.execution = execution();
  deployment.workers.resize(1);
  graph::ProgramGraph program = keyedJob(space, 1);
  deployment.graph = std::move(program.graph);
  deployment.placement = {{0}, {0}};
  WorkerProcess process(manager.workers_end);
  manager.send(deployment);
  auto greeted = process.greet();
  ASSERT_TRUE(greeted.has_value());
  EXPECT_EQ(std::get<runtime::Deployment>(*greeted).execution, execution());
  EXPECT_TRUE(std::holds_alternative<runtime::WorkerHello>(manager.receive()));

  int status = -1;
  std::thread main_thread([&] { status = process.run(deployment, program.code); });
  int ended = 0;
  while (ended < 2) {
    const auto report = manager.receive();
    const auto* update = std::get_if<runtime::TaskUpdate>(&report);
    ended += update != nullptr && update->input_ended ? 1 : 0;
  }
  manager.send(runtime::FinishOrder{execution()});
  main_thread.join();
  EXPECT_EQ(status, 0);
  EXPECT_EQ(space.received, space.count);
}

void runWithoutTaskManager() {
  FakeTaskManager manager;
  JobSpace space;
  space.hold = true;
  runtime::Deployment deployment;
  deployment.execution = execution();
  deployment.workers.resize(1);
  graph::ProgramGraph program = keyedJob(space, 1);
  deployment.graph = std::move(program.graph);
  deployment.placement = {{0}, {0}};
  WorkerProcess process(manager.workers_end);
  manager.close();
  process.run(deployment, program.code);
}

/// The task manager is there, but says nothing more.
void runWithLease(std::int64_t nanos) {
  FakeTaskManager manager;
  JobSpace space;
  space.hold = true;
  runtime::Deployment deployment;
  deployment.execution = execution();
  deployment.workers.resize(1);
  graph::ProgramGraph program = keyedJob(space, 1);
  deployment.graph = std::move(program.graph);
  deployment.placement = {{0}, {0}};
  WorkerProcess process(manager.workers_end);
  manager.send(runtime::LeaseOrder{nanosSinceBoot() + nanos});
  process.run(deployment, program.code);
}

TEST(WorkerProcessTest, EndsWhenItsLeaseRunsOut) {
  EXPECT_EXIT(runWithLease(50'000'000), ::testing::ExitedWithCode(Lease::kExitStatus), "lease");
}

TEST(WorkerProcessTest, DoesNothingWhenItsLeaseHadRunOutBeforeItsStart) {
  EXPECT_EXIT(runWithLease(-1), ::testing::ExitedWithCode(Lease::kExitStatus), "lease");
}

TEST(WorkerProcessTest, AnswersLeases) {
  FakeTaskManager manager;
  JobSpace space;
  runtime::Deployment deployment;
  deployment.execution = execution();
  deployment.workers.resize(1);
  graph::ProgramGraph program = keyedJob(space, 1);
  deployment.graph = std::move(program.graph);
  deployment.placement = {{0}, {0}};
  WorkerProcess process(manager.workers_end);
  std::thread main_thread([&] { process.run(deployment, program.code); });
  const std::int64_t until = nanosSinceBoot() + 3'600'000'000'000;
  manager.send(runtime::LeaseOrder{until});
  runtime::WorkerReport report;
  while (!std::holds_alternative<runtime::LeaseTaken>(report)) {
    report = manager.receive();
  }
  EXPECT_EQ(std::get<runtime::LeaseTaken>(report).until_nanos, until);
  manager.send(runtime::CancelOrder{execution()});
  main_thread.join();
}

TEST(WorkerProcessTest, EndsAtOnceWhenItsTaskManagerGoes) {
  EXPECT_EXIT(runWithoutTaskManager(), ::testing::ExitedWithCode(1), "");
}

}  // namespace
}  // namespace weir::worker
