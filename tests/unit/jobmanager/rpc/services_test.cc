#include <array>
#include <set>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <gtest/gtest.h>

#include "client.grpc.pb.h"
#include "cluster.grpc.pb.h"
#include "common/concurrency/thread_executor.h"
#include "common/fs/digest.h"
#include "common/fs/memory_file_system.h"
#include "common/rpc/channel.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "common/runtime/leader_change.h"
#include "common/wire/client_messages.h"
#include "common/wire/messages.h"
#include "jobmanager/rpc/client_service.h"
#include "jobmanager/rpc/cluster_service.h"
#include "tests/unit/jobmanager/rpc/fake_dispatcher.h"

namespace weir::jobmanager {
namespace {

// This folder has a namespace testing of its own.
using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

using SessionStream = grpc::ClientReaderWriter<v1::FromTaskManager, v1::ToTaskManager>;

/// Both services behind a real server, over a fake dispatcher.
class ServicesTest : public ::testing::Test {
 protected:
  ServicesTest() {
    auto server = rpc::Server::start({"127.0.0.1", 0},
                                     {&clients_.service(), &cluster_.service()},
                                     config::Security::plainText());
    server_ = *std::move(server);
    channel_ = rpc::makeChannel({"127.0.0.1", server_->port()}, config::Security::plainText());
    client_ = v1::JobManager::NewStub(channel_);
    task_manager_ = v1::TaskManagers::NewStub(channel_);
  }
  ~ServicesTest() override { stop(); }

  void stop() {
    clients_.stop(Error(ErrorCode::kUnavailable, "the job manager is stopping"));
    cluster_.stop("the job manager is stopping");
    server_->shutdown();
    transfers_.stop();
    timers_.shutdown();
  }

  static v1::FromTaskManager registration(
      std::uint32_t protocol = runtime::Registration::kProtocolVersion) {
    runtime::Registration registration;
    registration.protocol_version = protocol;
    registration.id = kTaskManager;
    registration.host = "localhost";
    registration.data_port = 4000;
    v1::FromTaskManager message;
    *message.mutable_registration() = wire::toProto(registration);
    return message;
  }

  /// Uploads as a client; the status that the server gave.
  Status put(const std::string& bytes, const std::string& sha256, v1::PutBlobReply& reply) {
    grpc::ClientContext context;
    const auto stream = client_->PutBlob(&context, &reply);
    v1::Chunk chunk;
    chunk.mutable_header()->set_protocol(wire::kClientProtocol);
    chunk.mutable_header()->mutable_blob()->set_sha256(sha256);
    chunk.mutable_header()->mutable_blob()->set_size(bytes.size());
    chunk.set_data(bytes.substr(0, bytes.size() / 2));
    stream->Write(chunk);
    chunk.clear_header();
    chunk.set_data(bytes.substr(bytes.size() / 2));
    stream->Write(chunk);
    stream->WritesDone();
    return rpc::fromGrpc(stream->Finish());
  }

  static constexpr TaskManagerId kTaskManager{Bytes16{7}};
  testing::FakeDispatcher dispatcher_;
  fs::MemoryFileSystem files_;
  SystemClock clock_;
  SystemRandom random_;
  blob::BlobStore blobs_{files_, "/blobs", clock_, random_};
  concurrency::ThreadExecutor timers_{"timers"};
  Transfers transfers_{
      blobs_, clock_, {.most = 4, .idle = std::chrono::milliseconds(300), .least_rate = 0}};
  rpc::PeerQuota calls_{"calls", "jobmanager.rpc.max-open-calls", 8};
  ClientService clients_{dispatcher_, blobs_, transfers_, calls_};
  ClusterService cluster_{dispatcher_,
                          transfers_,
                          calls_,
                          timers_,
                          {.heartbeat_interval = std::chrono::milliseconds(50),
                           .heartbeat_timeout = std::chrono::seconds(1),
                           .registration_timeout = std::chrono::milliseconds(200),
                           .version = "x",
                           .max_deployment = 2000,
                           .max_unread = 20'000}};
  std::unique_ptr<rpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::JobManager::Stub> client_;
  std::unique_ptr<v1::TaskManagers::Stub> task_manager_;
};

TEST_F(ServicesTest, ListsJobsAndRefusesAnotherProtocol) {
  v1::ListJobsRequest request;
  v1::ListJobsReply reply;
  grpc::ClientContext refused;
  const Status other = rpc::fromGrpc(client_->ListJobs(&refused, request, &reply));
  ASSERT_FALSE(other.has_value());
  EXPECT_EQ(other.error().code(), ErrorCode::kFailedPrecondition);
  request.set_protocol(wire::kClientProtocol);
  grpc::ClientContext accepted;
  ASSERT_TRUE(client_->ListJobs(&accepted, request, &reply).ok());
  EXPECT_EQ(reply.jobs_size(), 1);
}

TEST_F(ServicesTest, ListsTheCheckpointsOfAJobOrTheOneThatIsNamed) {
  v1::ListCheckpointsRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(dispatcher_.known_job.view()));
  v1::ListCheckpointsReply reply;
  grpc::ClientContext all;
  ASSERT_TRUE(client_->ListCheckpoints(&all, request, &reply).ok());
  ASSERT_EQ(reply.checkpoints_size(), 1);
  EXPECT_EQ(reply.checkpoints(0).verdict(), "all");
  request.set_checkpoint(3);
  v1::ListCheckpointsReply named;
  grpc::ClientContext one;
  ASSERT_TRUE(client_->ListCheckpoints(&one, request, &named).ok());
  EXPECT_EQ(named.checkpoints(0).id(), 3U);
  EXPECT_EQ(named.checkpoints(0).verdict(), "one");
}

TEST_F(ServicesTest, FollowDeliversEveryEventInOrderAndEndsWithTheResult) {
  v1::FollowRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(dispatcher_.known_job.view()));
  grpc::ClientContext context;
  const auto stream = client_->Follow(&context, request);
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.followers.size() == 1; }));
  dispatcher_.followers[0](runtime::JobResult{runtime::JobState::kFinished, 5, "", {}});
  v1::JobEvent event;
  for (std::int64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(stream->Read(&event));
    ASSERT_EQ(event.job().millis(), i);
  }
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_TRUE(event.has_result());
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_FALSE(dispatcher_.followers[0](runtime::JobStateChange{}));
}

TEST_F(ServicesTest, FollowOfAnUnknownJobKeepsMessageAndAdvice) {
  v1::FollowRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(16, 'x'));
  grpc::ClientContext context;
  const auto stream = client_->Follow(&context, request);
  v1::JobEvent event;
  EXPECT_FALSE(stream->Read(&event));
  const Error error = rpc::errorFromGrpc(stream->Finish());
  EXPECT_EQ(error.code(), ErrorCode::kNotFound);
  EXPECT_EQ(error.advice(), "list them");
}

TEST_F(ServicesTest, AStopEndsFollowersAtOnce) {
  v1::FollowRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(dispatcher_.known_job.view()));
  grpc::ClientContext context;
  const auto stream = client_->Follow(&context, request);
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.followers.size() == 1; }));
  clients_.stop(Error(ErrorCode::kUnavailable, "the job manager is stopping"));
  v1::JobEvent event;
  while (stream->Read(&event)) {
  }
  EXPECT_EQ(rpc::errorFromGrpc(stream->Finish()).message(), "the job manager is stopping");
}

TEST_F(ServicesTest, WhoComesAfterAStopIsSentToTheNextLikeThoseWhoWereThere) {
  clients_.stop(runtime::leaderChange("the job manager is stopping"));
  runtime::SavepointRequest savepoint;
  savepoint.job = dispatcher_.known_job;
  grpc::ClientContext context;
  const auto stream = client_->Savepoint(&context, wire::toProto(savepoint));
  v1::SavepointEvent event;
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_TRUE(runtime::isLeaderChange(rpc::errorFromGrpc(stream->Finish())));
}

TEST_F(ServicesTest, ASavepointGivesProgressThenItsPath) {
  runtime::SavepointRequest savepoint;
  savepoint.job = dispatcher_.known_job;
  grpc::ClientContext context;
  const auto stream = client_->Savepoint(&context, wire::toProto(savepoint));
  v1::SavepointEvent event;
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_TRUE(event.has_progress());
  ASSERT_TRUE(stream->Read(&event));
  EXPECT_EQ(event.result().path(), "file:/savepoint-1");
  EXPECT_FALSE(stream->Read(&event));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(ServicesTest, ABlobIsVerifiedAndGivenOutInRanges) {
  const std::string bytes(200'000, 'b');
  const std::string digest = fs::sha256(bytes);
  v1::PutBlobReply reply;
  EXPECT_FALSE(put(bytes, std::string(64, '0'), reply).has_value());
  ASSERT_TRUE(put(bytes, digest, reply).has_value());
  EXPECT_EQ(reply.key(), digest);
  v1::GetBlobRequest request;
  request.set_key(digest);
  request.set_offset(100);
  grpc::ClientContext context;
  const auto stream = task_manager_->GetBlob(&context, request);
  std::string got;
  for (v1::Chunk chunk; stream->Read(&chunk);) {
    got += chunk.data();
  }
  EXPECT_TRUE(stream->Finish().ok());
  EXPECT_EQ(got, bytes.substr(100));
}

TEST_F(ServicesTest, ASessionStartsWithTheAnswerThenCarriesOrdersReportsAndPings) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  ASSERT_TRUE(stream->Write(registration()));
  v1::ToTaskManager message;
  ASSERT_TRUE(stream->Read(&message));
  ASSERT_TRUE(message.has_registered());
  EXPECT_EQ(message.registered().heartbeat_timeout_millis(), 1000U);
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_cancel());
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_TRUE(message.has_ping());
  ASSERT_TRUE(
      stream->Write(wire::toProto(runtime::TaskManagerReport(runtime::Heartbeat{3, 0, {}}))));
  EXPECT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.reports.size() == 1; }));
  context.TryCancel();
  EXPECT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.losses[kTaskManager] == 1; }));
}

TEST_F(ServicesTest, AFarewellIsTheReasonOfALossAndASilentEndIsNone) {
  for (const bool orderly : {true, false}) {
    grpc::ClientContext context;
    const auto stream = task_manager_->Session(&context);
    ASSERT_TRUE(stream->Write(registration()));
    v1::ToTaskManager message;
    ASSERT_TRUE(stream->Read(&message));
    if (orderly) {
      v1::FromTaskManager farewell;
      farewell.mutable_farewell()->set_reason("it was stopped");
      ASSERT_TRUE(stream->Write(farewell));
    }
    stream->WritesDone();
    const int times = orderly ? 1 : 2;
    ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.losses[kTaskManager] == times; }));
    context.TryCancel();
    if (orderly) {
      EXPECT_EQ(dispatcher_.loss_reason, "it was stopped");
    } else {
      EXPECT_THAT(dispatcher_.loss_reason, HasSubstr("without a farewell (it was killed"));
    }
  }
}

TEST_F(ServicesTest, ARefusedRegistrationSaysWhyAndIsNoLoss) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  ASSERT_TRUE(stream->Write(registration(99)));
  v1::ToTaskManager message;
  while (stream->Read(&message) && !message.has_refused()) {
  }
  EXPECT_EQ(message.refused().reason(), "another protocol");
  EXPECT_FALSE(message.refused().retry());
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_EQ(rpc::errorFromGrpc(stream->Finish()).message(), "another protocol");
}

TEST_F(ServicesTest, CloseEndsASessionWithItsReason) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  ASSERT_TRUE(stream->Write(registration()));
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.task_managers.size() == 1; }));
  dispatcher_.task_managers[kTaskManager]->close("it was silent");
  v1::ToTaskManager message;
  while (stream->Read(&message) && !message.has_refused()) {
  }
  EXPECT_EQ(message.refused().reason(), "it was silent");
  EXPECT_TRUE(message.refused().retry());
  EXPECT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.losses[kTaskManager] == 1; }));
  dispatcher_.task_managers[kTaskManager]->send(runtime::CancelOrder{});  // Dropped.
}

TEST_F(ServicesTest, ADeploymentThatIsTooLargeFailsItsJobAndNotTheSession) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  ASSERT_TRUE(stream->Write(registration()));
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.task_managers.size() == 1; }));
  runtime::Deployment deployment;
  deployment.execution = {JobId(Bytes16{5}), AttemptId(2), LeaderEpoch(1)};
  deployment.graph.change([](graph::JobGraph& graph) {
    graph.name = "my job";
    graph.operators.resize(1);
    graph.operators[0].name = "Count per word";
  });
  runtime::OperatorRestoreOrder order;
  order.old_parallelism = 1;
  runtime::RestoreSection section;
  section.handle.storage = runtime::SectionHandle::Storage::kInline;
  section.handle.bytes = std::string(3000, 's');
  deployment.restores.give(order, {section});
  deployment.restores.tasks = {{{}, {order}}};
  dispatcher_.task_managers[kTaskManager]->send(deployment);
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.reports.size() == 1; }));
  const auto exited = std::get<runtime::WorkerExited>(dispatcher_.reports[0]);
  EXPECT_EQ(exited.execution, deployment.execution);
  EXPECT_TRUE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("of job " + deployment.execution.job.hex() + " ('my job')"),
                    HasSubstr("on localhost has"),
                    HasSubstr("the 2000 that jobmanager.max-deployment-size allows"),
                    HasSubstr("operator 'Count per word' lies takes 3048")));
  dispatcher_.task_managers[kTaskManager]->send(runtime::FinishOrder{deployment.execution});
  v1::ToTaskManager message;
  while (stream->Read(&message) && !message.has_finish() && !message.has_deployment()) {
  }
  EXPECT_TRUE(message.has_finish());
  EXPECT_EQ(dispatcher_.losses[kTaskManager], 0);
}

TEST_F(ServicesTest, ADeploymentThatATaskManagerHasNoRoomForFailsItsJobAndMayBeTriedAgain) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  ASSERT_TRUE(stream->Write(registration()));
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.task_managers.size() == 1; }));
  runtime::Deployment deployment;
  deployment.execution = {JobId(Bytes16{5}), AttemptId(2), LeaderEpoch(1)};
  // Ten of them leave room for pings, without which the task manager would be lost.
  const auto name = [&](std::size_t length) {
    deployment.graph.change(
        [length](graph::JobGraph& graph) { graph.name = std::string(length, 'x'); });
  };
  name(1000);
  const std::size_t bytes = wire::toProto(runtime::TaskManagerOrder(deployment)).ByteSizeLong();
  name(1000 + 1900 - bytes);
  std::uint64_t sent = 0;
  for (bool refused = false; sent < 100'000 && !refused; ++sent) {
    dispatcher_.task_managers[kTaskManager]->send(deployment);
    const std::lock_guard lock(dispatcher_.mutex);
    refused = !dispatcher_.reports.empty();
  }
  ASSERT_TRUE(dispatcher_.waitFor([&] { return !dispatcher_.reports.empty(); }));
  const auto exited = std::get<runtime::WorkerExited>(dispatcher_.reports[0]);
  EXPECT_FALSE(exited.unrecoverable);
  EXPECT_THAT(exited.cause,
              AllOf(HasSubstr("the task manager on localhost has not read the 20000 bytes"),
                    HasSubstr("job " + deployment.execution.job.hex() + " is not deployed there")));
  v1::ToTaskManager message;
  for (std::uint64_t read = 0; read + 1 < sent;) {
    ASSERT_TRUE(stream->Read(&message));
    read += message.has_deployment() ? 1 : 0;
  }
  EXPECT_EQ(dispatcher_.losses[kTaskManager], 0);
}

TEST_F(ServicesTest, AStopEndsOpenSessionsSoonAndReportsTheirLossOnce) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  ASSERT_TRUE(stream->Write(registration()));
  ASSERT_TRUE(dispatcher_.waitFor([&] { return dispatcher_.task_managers.size() == 1; }));
  stop();
  v1::ToTaskManager message;
  while (stream->Read(&message)) {
  }
  EXPECT_EQ(dispatcher_.losses[kTaskManager], 1);
  EXPECT_EQ(rpc::errorFromGrpc(stream->Finish()).message(), "the job manager is stopping");
}

TEST_F(ServicesTest, RefusesASessionThatDoesNotRegister) {
  grpc::ClientContext context;
  const auto stream = task_manager_->Session(&context);
  v1::ToTaskManager message;
  ASSERT_TRUE(stream->Read(&message));
  EXPECT_THAT(message.refused().reason(), HasSubstr("no registration came"));
  EXPECT_FALSE(stream->Read(&message));
  EXPECT_THAT(rpc::errorFromGrpc(stream->Finish()).message(), HasSubstr("silence-timeout"));
  EXPECT_TRUE(dispatcher_.waitFor([&] { return calls_.held() == 0; }));
}

TEST_F(ServicesTest, RefusesMoreOpenCallsOfOneHostThanHalfOfTheBound) {
  v1::FollowRequest request;
  request.set_protocol(wire::kClientProtocol);
  request.set_job(std::string(dispatcher_.known_job.view()));
  v1::JobEvent event;
  {
    std::array<grpc::ClientContext, 4> contexts;
    std::vector<std::unique_ptr<grpc::ClientReader<v1::JobEvent>>> streams;
    for (grpc::ClientContext& context : contexts) {
      streams.push_back(client_->Follow(&context, request));
      ASSERT_TRUE(streams.back()->Read(&event));
    }
    grpc::ClientContext context;
    const auto refused = client_->Follow(&context, request);
    EXPECT_FALSE(refused->Read(&event));
    const Error error = rpc::errorFromGrpc(refused->Finish());
    EXPECT_EQ(error.code(), ErrorCode::kResourceExhausted);
    EXPECT_EQ(error.message(),
              "4 of at most 8 calls are open, 4 of them for 127.0.0.1, which may have half");
    EXPECT_THAT(error.advice(), HasSubstr("jobmanager.rpc.max-open-calls"));
    for (grpc::ClientContext& open : contexts) {
      open.TryCancel();
    }
  }
  EXPECT_TRUE(dispatcher_.waitFor([&] { return calls_.held() == 0; }));
}

TEST_F(ServicesTest, RefusesMoreTransfersOfOneHostThanHalfOfTheBoundAndEndsThoseThatStandStill) {
  std::array<grpc::ClientContext, 3> contexts;
  std::array<v1::PutBlobReply, 3> replies;
  std::vector<std::unique_ptr<grpc::ClientWriter<v1::Chunk>>> uploads;
  for (std::size_t i = 0; i < contexts.size(); ++i) {
    uploads.push_back(task_manager_->PutBlob(&contexts[i], &replies[i]));
  }
  std::multiset<ErrorCode> codes;
  for (const auto& upload : uploads) {
    const Error error = rpc::errorFromGrpc(upload->Finish());
    codes.insert(error.code());
    EXPECT_THAT(error.text(), AnyOf(HasSubstr("stood still"), HasSubstr("num-concurrent")));
  }
  EXPECT_THAT(
      codes,
      UnorderedElementsAre(
          ErrorCode::kUnavailable, ErrorCode::kDeadlineExceeded, ErrorCode::kDeadlineExceeded));
  v1::PutBlobReply reply;
  const std::string bytes = "there is room again";
  EXPECT_TRUE(put(bytes, fs::sha256(bytes), reply).has_value());
}

TEST_F(ServicesTest, GivesUpADownloadThatNobodyReads) {
  const std::string bytes(32 << 20, 'b');
  const std::string digest = fs::sha256(bytes);
  v1::PutBlobReply reply;
  ASSERT_TRUE(put(bytes, digest, reply).has_value());
  v1::GetBlobRequest request;
  request.set_key(digest);
  grpc::ClientContext context;
  const auto stream = task_manager_->GetBlob(&context, request);
  v1::Chunk chunk;
  ASSERT_TRUE(stream->Read(&chunk));
  std::this_thread::sleep_for(std::chrono::seconds(1));  // What is tested is that time passes.
  std::uint64_t got = chunk.data().size();
  while (stream->Read(&chunk)) {
    got += chunk.data().size();
  }
  EXPECT_LT(got, bytes.size());
  EXPECT_FALSE(stream->Finish().ok());
}

}  // namespace
}  // namespace weir::jobmanager
