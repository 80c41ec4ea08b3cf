#include "common/client/job_manager_client.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "client.grpc.pb.h"
#include "common/wire/client_messages.h"

namespace weir::client {
namespace {

using std::chrono::seconds;

/// A job manager that is stopped while the first savepoint waits for its answer.
class Stopping final : public v1::JobManager::Service {
 public:
  grpc::Status Savepoint(grpc::ServerContext* /*context*/,
                         const v1::SavepointRequest* request,
                         grpc::ServerWriter<v1::SavepointEvent>* answers) override {
    operations.push_back(request->operation());
    if (operations.size() == 1) {
      return grpc::Status::CANCELLED;  // As gRPC ends what is not answered in time.
    }
    runtime::SavepointResult result;
    result.path = "/s/1";
    answers->Write(wire::toProto(runtime::SavepointEvent(result)));
    return grpc::Status::OK;
  }

  std::vector<std::string> operations;
};

class JobManagerClientTest : public testing::Test {
 protected:
  JobManagerClientTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }

  Result<runtime::SavepointResult> savepoint(FailOver fail_over) {
    WEIR_TRY(const auto client,
             JobManagerClient::connect({"127.0.0.1", port_},
                                       config::Security::plainText(),
                                       seconds(10),
                                       seconds(10),
                                       std::move(fail_over)));
    const std::atomic<bool> interrupted = false;
    return client->savepoint({}, [](const runtime::SavepointProgress&) {}, interrupted);
  }

  int port_ = 0;
  Stopping service_;
  std::unique_ptr<grpc::Server> server_;
};

TEST_F(JobManagerClientTest, AsksTheNextJobManagerWhenOneStopsWithoutAnAnswer) {
  const auto result = savepoint({.longest = seconds(30), .waits = nullptr, .locate = nullptr});
  ASSERT_TRUE(result.has_value()) << result.error().text();
  EXPECT_EQ(result->path, "/s/1");
  ASSERT_EQ(service_.operations.size(), 2U);
  EXPECT_EQ(service_.operations[0], service_.operations[1]);
}

TEST_F(JobManagerClientTest, SaysThatAJobManagerHasStoppedWhereNobodyIsWaitedFor) {
  const auto result = savepoint({});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(
      result.error().message(),
      "job manager at 127.0.0.1:" + std::to_string(port_) + ": it stopped before it had answered");
}

}  // namespace
}  // namespace weir::client
