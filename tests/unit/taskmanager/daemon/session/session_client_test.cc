#include "taskmanager/daemon/session/session_client.h"

#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "cluster.grpc.pb.h"
#include "common/concurrency/bounded_queue.h"
#include "common/fs/digest.h"
#include "common/rpc/leader_route.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "common/runtime/leader_change.h"
#include "taskmanager/daemon/session/blob_client.h"

namespace weir::taskmanager {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

template <typename T>
using Queue = concurrency::BoundedQueue<T>;

/// A job manager that answers every registration with `answer`, then sends what the test queues.
class FakeJobManager final : public v1::TaskManagers::Service {
 public:
  using ServerStream = grpc::ServerReaderWriter<v1::ToTaskManager, v1::FromTaskManager>;

  grpc::Status Session(grpc::ServerContext* /*context*/, ServerStream* stream) override {
    v1::FromTaskManager message;
    stream->Read(&message);
    stream->Write(answer);
    if (answer.has_refused()) {
      return grpc::Status::OK;
    }
    received.push(message);
    std::thread reader([&] {
      while (stream->Read(&message)) {
        received.push(message);
      }
      orders.push(std::nullopt);
    });
    while (auto order = *orders.pop()) {
      stream->Write(*order);
    }
    // Ending the call ends the read as well, but only after this function: so the test ends it.
    reader.join();
    return grpc::Status::OK;
  }

  grpc::Status GetBlob(grpc::ServerContext* context,
                       const v1::GetBlobRequest* request,
                       grpc::ServerWriter<v1::Chunk>* writer) override {
    v1::Chunk chunk;
    const std::size_t end =
        request->length() == 0 ? blob.size() : request->offset() + request->length();
    for (std::size_t at = request->offset(); at < end; at += 1000) {
      if (at >= hang_at) {
        hang_at = std::string::npos;
        while (!context->IsCancelled()) {
          std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        return grpc::Status::CANCELLED;
      }
      if (at >= break_at) {
        break_at = std::string::npos;
        return {grpc::StatusCode::UNAVAILABLE, "broken by the test"};
      }
      chunk.set_data(blob.substr(at, std::min<std::size_t>(1000, end - at)));
      writer->Write(chunk);
    }
    return grpc::Status::OK;
  }

  grpc::Status PutBlob(grpc::ServerContext* /*context*/,
                       grpc::ServerReader<v1::Chunk>* reader,
                       v1::PutBlobReply* reply) override {
    v1::Chunk chunk;
    while (reader->Read(&chunk)) {
      if (chunk.has_header()) {
        header = chunk.header();
      }
      blob += chunk.data();
    }
    reply->set_key("the-key");
    return grpc::Status::OK;
  }

  v1::ToTaskManager answer;
  Queue<v1::FromTaskManager> received{100};
  Queue<std::optional<v1::ToTaskManager>> orders{100};
  std::string blob;
  std::size_t break_at = std::string::npos;
  std::atomic<std::size_t> hang_at = std::string::npos;
  v1::BlobHeader header;
};

class RecordingListener final : public JobManagerLink::Listener {
 public:
  void onRegistered(const SessionTerms& terms) override {
    registered.push(terms.heartbeat_interval);
  }
  void onHeard(std::uint64_t heartbeat) override { heard.push(heartbeat); }
  void onOrder(runtime::TaskManagerOrder order) override { orders.push(std::move(order)); }
  void onRoom() override {}
  void onAdopt(const runtime::ExecutionId& execution) override { adopted.push(execution); }
  void onGiveUp(const runtime::ExecutionId& execution) override { ended.push(execution); }
  void onLost(const std::string& reason) override { lost.push(reason); }
  void onDismissed(const std::string& reason) override { dismissed.push(reason); }
  void onGivenUp(const Error& error) override { given_up.push(error.text()); }

  Queue<Duration> registered{10};
  Queue<std::uint64_t> heard{10};
  Queue<runtime::TaskManagerOrder> orders{10};
  Queue<runtime::ExecutionId> adopted{10};
  Queue<runtime::ExecutionId> ended{10};
  Queue<std::string> lost{10};
  Queue<std::string> dismissed{10};
  Queue<std::string> given_up{10};
};

class SessionClientTest : public ::testing::Test {
 protected:
  SessionClientTest() {
    service_.answer.mutable_registered()->set_heartbeat_interval_millis(50);
    service_.answer.mutable_registered()->set_heartbeat_timeout_millis(60'000);
    server_ = *rpc::Server::start({"127.0.0.1", 0}, {&service_}, config::Security::plainText());
    route_.emplace(std::vector{rpc::Address{"127.0.0.1", server_->port()}},
                   config::Security::plainText());
  }
  ~SessionClientTest() override {
    if (client_) {
      client_->close();
    }
    loop_.shutdown();
    service_.orders.push(std::nullopt);
    server_->shutdown(0s);
  }

  void open() {
    client_ = std::make_unique<SessionClient>(loop_, *route_, settings_);
    runtime::Registration registration;
    registration.slots = 3;
    loop_.runSync([&] { client_->open(registration, listener_); });
  }

  FakeJobManager service_;
  std::unique_ptr<rpc::Server> server_;
  std::optional<rpc::LeaderRoute> route_;
  IoLoop loop_{"test-strand"};
  SessionSettings settings_;
  RecordingListener listener_;
  std::unique_ptr<SessionClient> client_;
};

TEST_F(SessionClientTest, RegistersAndLearnsTheHeartbeatInterval) {
  open();
  EXPECT_EQ(*listener_.registered.pop(), 50ms);
  EXPECT_EQ(service_.received.pop()->registration().slots(), 3U);
}

TEST_F(SessionClientTest, KeepsTheOrderOfReports) {
  open();
  listener_.registered.pop();
  service_.received.pop();
  for (std::uint64_t i = 1; i <= 50; ++i) {
    loop_.runSync([&] { client_->send(runtime::Heartbeat{i, 0, {}}); });
  }
  for (std::uint64_t i = 1; i <= 50; ++i) {
    EXPECT_EQ(service_.received.pop()->heartbeat().sequence(), i);
  }
}

TEST_F(SessionClientTest, SendsWhatIsQueuedBeforeItCloses) {
  open();
  listener_.registered.pop();
  service_.received.pop();
  loop_.runSync([&] {
    client_->send(runtime::ProbeResult{7, ""});
    client_->close();
  });
  EXPECT_EQ(service_.received.pop()->probe().id(), 7U);
  EXPECT_EQ(service_.received.pop()->farewell().reason(), "it was stopped");
  EXPECT_EQ(listener_.lost.size(), 0U);
}

TEST_F(SessionClientTest, HandsOrdersOnAndSwallowsPings) {
  open();
  listener_.registered.pop();
  v1::ToTaskManager message;
  message.mutable_ping()->set_sequence(1);
  service_.orders.push(message);
  message.mutable_release_blobs()->set_job(std::string(16, 'j'));
  service_.orders.push(message);
  const auto order = listener_.orders.pop();
  EXPECT_TRUE(std::holds_alternative<runtime::ReleaseBlobsOrder>(*order));
}

TEST_F(SessionClientTest, AnswersADeploymentThatItCannotReadSoThatItsJobDoesNotWait) {
  open();
  listener_.registered.pop();
  service_.received.pop();
  v1::ToTaskManager message;
  message.mutable_deployment()->mutable_execution()->set_job(std::string(16, 'j'));
  message.mutable_deployment()->mutable_execution()->set_attempt(3);
  message.mutable_deployment()->set_self(7);
  service_.orders.push(message);
  const auto exited = service_.received.pop()->exited();
  EXPECT_EQ(exited.execution().attempt(), 3U);
  EXPECT_TRUE(exited.unrecoverable());
  EXPECT_THAT(exited.cause(),
              HasSubstr("the deployment of job 6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a6a cannot be read"));
}

TEST_F(SessionClientTest, PassesOnWhichHeartbeatWasHeard) {
  open();
  listener_.registered.pop();
  v1::ToTaskManager message;
  message.mutable_ping()->set_heartbeat(7);
  service_.orders.push(message);
  EXPECT_EQ(*listener_.heard.pop(), 7U);
}

TEST_F(SessionClientTest, TellsWhenTheJobManagerIsGoneAndRegistersAgainWhenAsked) {
  open();
  listener_.registered.pop();
  service_.orders.push(std::nullopt);
  server_->shutdown(0s);
  listener_.lost.pop();
  const int port = server_->port();
  server_ = *rpc::Server::start({"127.0.0.1", port}, {&service_}, config::Security::plainText());
  loop_.runSync([this] { client_->open(runtime::Registration{}, listener_); });
  EXPECT_EQ(*listener_.registered.pop(), 50ms);
}

TEST_F(SessionClientTest, LosesASilentJobManager) {
  service_.answer.mutable_registered()->set_heartbeat_timeout_millis(300);
  open();
  EXPECT_THAT(*listener_.lost.pop(),
              HasSubstr(route_->current().address.text() + " was silent for too long"));
}

TEST_F(SessionClientTest, SaysWhatItHoldsAndRefusesALeaderThatIsOlderThanTheLastOne) {
  settings_.holding_pause = 10ms;
  service_.answer.mutable_registered()->set_leader_epoch(3);
  client_ = std::make_unique<SessionClient>(loop_, *route_, settings_);
  const runtime::ExecutionId held{JobId(Bytes16{7}), AttemptId(2), LeaderEpoch(4)};
  loop_.runSync([&] {
    client_->setHoldings({{{held, 3}}, LeaderEpoch(4)});
    client_->open(runtime::Registration{}, listener_);
  });
  for (int tries = 0; tries < 2; ++tries) {
    const v1::Registration said = service_.received.pop()->registration();
    ASSERT_EQ(said.held_size(), 1);
    EXPECT_EQ(said.held(0).execution().attempt(), 2U);
    EXPECT_EQ(said.held(0).slots(), 3U);
    EXPECT_EQ(said.newest_epoch(), 4U);
  }
  EXPECT_EQ(listener_.registered.size(), 0U);
  loop_.runSync([&] { client_->setHoldings({}); });
  EXPECT_EQ(*listener_.registered.pop(), 50ms);
}

TEST_F(SessionClientTest, PassesOnWhatTheLeaderDecidesOnHeldAttempts) {
  open();
  listener_.registered.pop();
  service_.received.pop();
  const runtime::ExecutionId held{JobId(Bytes16{7}), AttemptId(2), LeaderEpoch(4)};
  loop_.runSync([&] { client_->told(held); });
  const v1::ExecutionId told = service_.received.pop()->told();
  EXPECT_EQ(told.attempt(), 2U);
  v1::ToTaskManager message;
  *message.mutable_adopt() = told;
  service_.orders.push(message);
  EXPECT_EQ(*listener_.adopted.pop(), held);
  *message.mutable_give_up() = told;
  service_.orders.push(message);
  EXPECT_EQ(*listener_.ended.pop(), held);
}

/// Job managers beside that of the fixture.
class SessionsWithSeveralTest : public SessionClientTest {
 protected:
  /// Waits as standby, and says that the one of the fixture leads.
  class Standby final : public v1::TaskManagers::Service {
   public:
    explicit Standby(std::string leader) : leader_(std::move(leader)) {}
    grpc::Status Session(grpc::ServerContext* /*context*/,
                         FakeJobManager::ServerStream* /*stream*/) override {
      ++asked;
      return rpc::toGrpc(runtime::leaderElsewhere(leader_));
    }
    std::atomic<int> asked = 0;

   private:
    const std::string leader_;
  };

  SessionsWithSeveralTest()
      : standby_(route_->current().address.text()),
        standby_server_(
            *rpc::Server::start({"127.0.0.1", 0}, {&standby_}, config::Security::plainText())) {}
  ~SessionsWithSeveralTest() override {
    client_->close();
    standby_server_->shutdown(0s);
  }
  rpc::Address standby() const { return {"127.0.0.1", standby_server_->port()}; }

  Standby standby_;
  std::unique_ptr<rpc::Server> standby_server_;
};

TEST_F(SessionsWithSeveralTest, RegistersWithTheLeaderThatAStandbyNames) {
  route_.emplace(std::vector{standby()}, config::Security::plainText());
  open();
  EXPECT_EQ(*listener_.registered.pop(), 50ms);
  EXPECT_EQ(standby_.asked, 1);
}

TEST_F(SessionsWithSeveralTest, AsksAgainThereWhenTheLeaderThatWasNamedIsGone) {
  service_.orders.push(std::nullopt);
  server_->shutdown(0s);
  route_.emplace(std::vector{standby()}, config::Security::plainText());
  open();
  while (standby_.asked < 3) {
    std::this_thread::sleep_for(1ms);
  }
}

TEST_F(SessionsWithSeveralTest, ASessionEndsWhenAnotherJobManagerLeads) {
  open();
  listener_.registered.pop();
  client_->follow(route_->current().address);
  EXPECT_EQ(listener_.lost.size(), 0U);
  client_->follow(standby());
  EXPECT_EQ(*listener_.lost.pop(), "another job manager leads now, at " + standby().text());
  loop_.runSync([&] { client_->open(runtime::Registration{}, listener_); });
  EXPECT_EQ(*listener_.registered.pop(), 50ms) << "the standby has named it again";
}

TEST_F(SessionClientTest, GivesUpAfterARefusalForGood) {
  service_.answer.mutable_refused()->set_reason("another protocol");
  open();
  EXPECT_THAT(*listener_.given_up.pop(), HasSubstr("refused the registration: another protocol"));
}

TEST_F(SessionClientTest, GivesUpWhenRegistrationTakesTooLong) {
  service_.orders.push(std::nullopt);
  server_->shutdown(0s);
  settings_.registration_limit = 300ms;
  open();
  EXPECT_THAT(*listener_.given_up.pop(), HasSubstr("no job manager within 300 ms"));
}

TEST_F(SessionClientTest, GoesOnWithADownloadWhereItBroke) {
  for (int i = 0; i < 1000; ++i) {
    service_.blob += std::to_string(i) + ",";
  }
  service_.break_at = 2000;
  BlobClient blobs(*route_, 3);
  std::string got;
  const Status status = blobs.fetch("key", 0, [&](std::string_view piece) {
    got += piece;
    return ok();
  });
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(got, service_.blob);
}

TEST_F(SessionClientTest, DownloadsTheBeginningOfABlobAlsoWhereItBreaks) {
  for (int i = 0; i < 1000; ++i) {
    service_.blob += std::to_string(i) + ",";
  }
  service_.break_at = 2000;
  BlobClient blobs(*route_, 3);
  std::string got;
  const Status status = blobs.fetch("key", 2500, [&](std::string_view piece) {
    got += piece;
    return ok();
  });
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(got, service_.blob.substr(0, 2500));
}

TEST_F(SessionClientTest, ADownloadThatStandsStillIsGoneOnWithInAnotherCall) {
  service_.blob = std::string(100'000, 'x');
  service_.hang_at = 50'000;
  BlobClient blobs(*route_, 1, std::chrono::milliseconds(200));
  std::string got;
  const Status status = blobs.fetch("key", 0, [&](std::string_view piece) {
    got += piece;
    return ok();
  });
  ASSERT_TRUE(status) << status.error().text();
  EXPECT_EQ(got, service_.blob);
}

TEST_F(SessionClientTest, ADownloadThatStandsStillTooOftenSaysSo) {
  service_.blob = std::string(1000, 'x');
  service_.hang_at = 0;
  BlobClient blobs(*route_, 0, std::chrono::milliseconds(200));
  const Status status = blobs.fetch("key", 0, [](std::string_view) { return ok(); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message(),
            "fetch blob key from the job manager: the job manager let it stand still for 200 ms");
}

TEST_F(SessionClientTest, StopsADownloadThatItsReaderRefuses) {
  service_.blob = std::string(100'000, 'x');
  BlobClient blobs(*route_, 3);
  const Status status = blobs.fetch("key", 0, [](std::string_view) -> Status {
    return Error(ErrorCode::kCorruption, "not what was asked for");
  });
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
}

TEST_F(SessionClientTest, StoresStateUnderTheKeyThatTheJobManagerMakes) {
  BlobClient blobs(*route_, 3);
  const std::string state(200'000, 's');
  const auto key = blobs.putState(JobId(Bytes16{4}), state);
  ASSERT_TRUE(key) << key.error().text();
  EXPECT_EQ(*key, "the-key");
  EXPECT_EQ(service_.blob, state);
  EXPECT_TRUE(service_.header.state());
  EXPECT_EQ(service_.header.blob().sha256(), fs::sha256(state));
  EXPECT_EQ(service_.header.job(), JobId(Bytes16{4}).view());
}

}  // namespace
}  // namespace weir::taskmanager
