#include <gmock/gmock.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/impl/client_unary_call.h>
#include <grpcpp/impl/rpc_service_method.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/method_handler.h>
#include <gtest/gtest.h>

#include "common/rpc/channel.h"
#include "common/rpc/chunks.h"
#include "common/rpc/retry.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"

namespace weir::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(StatusTest, EveryCodeComesBackWithMessageAndAdvice) {
  for (int code = 1; code <= static_cast<int>(ErrorCode::kIo); ++code) {
    const Error error =
        Error(static_cast<ErrorCode>(code), "7:job \xC3\xA4 broke").advise("try\nthis");
    const Error back = errorFromGrpc(toGrpc(error));
    EXPECT_EQ(back.code(), error.code());
    EXPECT_EQ(back.message(), error.message());
    EXPECT_EQ(back.advice(), error.advice());
  }
  EXPECT_TRUE(fromGrpc(toGrpc(ok())).has_value());
}

TEST(StatusTest, AForeignStatusIsTranslatedByItsCode) {
  EXPECT_EQ(errorFromGrpc({grpc::StatusCode::UNAVAILABLE, "gone"}).code(), ErrorCode::kUnavailable);
  EXPECT_EQ(errorFromGrpc({grpc::StatusCode::DEADLINE_EXCEEDED, ""}).code(),
            ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(errorFromGrpc({grpc::StatusCode::INTERNAL,
                           "x",
                           std::string("\x01\x07"
                                       "99:short",
                                       10)})
                .message(),
            "x");
}

TEST(StatusTest, AVeryLongErrorIsCut) {
  const Error back = errorFromGrpc(toGrpc(Error(ErrorCode::kIo, std::string(1 << 20, 'x'))));
  EXPECT_LT(back.message().size(), 300U * 1024);
  EXPECT_LT(toGrpc(back).error_message().size(), 2000U);
}

TEST(AddressTest, IsHostAndPort) {
  EXPECT_EQ(*parseAddress("localhost:6123"), (Address{"localhost", 6123}));
  EXPECT_EQ(*parseAddress("[::1]:80"), (Address{"::1", 80}));
  EXPECT_EQ(parseAddress("[::1]:80")->text(), "[::1]:80");
  for (const char* text : {"",
                           "localhost",
                           "localhost:",
                           ":1",
                           "a:0",
                           "a:65536",
                           "a:x",
                           "[[a]]:1",
                           "[a:1",
                           "::1:80",
                           "http://a:1"}) {
    EXPECT_FALSE(parseAddress(text).has_value()) << text;
  }
}

/// A service that fails as it was told to.
class FailingService final : public grpc::Service {
 public:
  explicit FailingService(Error error) : error_(std::move(error)) {
    using Handler =
        grpc::internal::RpcMethodHandler<FailingService, grpc::ByteBuffer, grpc::ByteBuffer>;
    const auto fail = [](FailingService* self,
                         grpc::ServerContext* /*context*/,
                         const grpc::ByteBuffer* /*request*/,
                         grpc::ByteBuffer* /*reply*/) { return toGrpc(self->error_); };
    AddMethod(std::make_unique<grpc::internal::RpcServiceMethod>(
                  kMethod, grpc::internal::RpcMethod::NORMAL_RPC, new Handler(fail, this))
                  .release());  // The service owns its methods.
  }

  static Error call(grpc::Channel& channel) {
    grpc::ClientContext context;
    context.set_deadline(deadlineIn(seconds(10)));
    grpc::Slice slice("x");
    const grpc::ByteBuffer request(&slice, 1);
    grpc::ByteBuffer reply;
    const grpc::internal::RpcMethod method(kMethod, grpc::internal::RpcMethod::NORMAL_RPC);
    return errorFromGrpc(grpc::internal::BlockingUnaryCall<grpc::ByteBuffer, grpc::ByteBuffer>(
        &channel, method, &context, request, &reply));
  }

 private:
  static constexpr const char* kMethod = "/test.Failing/Fail";
  Error error_;
};

class ServerTest : public testing::Test {
 protected:
  Result<std::unique_ptr<Server>> start(const Address& address) {
    return Server::start(address, {&service_}, config::Security::plainText());
  }

  FailingService service_{
      Error(ErrorCode::kFenced, std::string(100 * 1024, 'x') + "\nend").advise("stop")};
};

TEST_F(ServerTest, ALongErrorCrossesTheWireWhole) {
  const auto server = start({"", 0});
  ASSERT_TRUE(server.has_value()) << server.error().text();
  const auto channel = makeChannel({"localhost", (*server)->port()}, config::Security::plainText());
  const Error error = FailingService::call(*channel);
  EXPECT_EQ(error.code(), ErrorCode::kFenced);
  EXPECT_EQ(error.message().size(), 100U * 1024 + 4);
  EXPECT_EQ(error.advice(), "stop");
}

TEST_F(ServerTest, TakesAFreePortAndSaysWhich) {
  const auto server = start({"127.0.0.1", 0});
  ASSERT_TRUE(server.has_value()) << server.error().text();
  const Address address{"127.0.0.1", (*server)->port()};
  EXPECT_GT(address.port, 0);
  const auto channel = makeChannel(address, config::Security::plainText());
  EXPECT_TRUE(waitForConnection(*channel, address, seconds(5)).has_value());
}

TEST_F(ServerTest, NamesAddressAndCauseWhenItCannotListen) {
  const auto first = start({"127.0.0.1", 0});
  ASSERT_TRUE(first.has_value());
  const int port = (*first)->port();
  const auto second = start({"127.0.0.1", port});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().message(),
            "listen on 127.0.0.1:" + std::to_string(port) + ": Address already in use");
  EXPECT_THAT(start({"192.0.2.1", 0}).error().message(), HasSubstr("Cannot assign"));
  EXPECT_FALSE(start({"no.such.host.invalid", 0}).has_value());
}

TEST_F(ServerTest, NobodyAnswersAtAClosedPort) {
  auto server = start({"127.0.0.1", 0});
  const Address address{"127.0.0.1", (*server)->port()};
  (*server)->shutdown(milliseconds(0));
  const auto channel = makeChannel(address, config::Security::plainText());
  EXPECT_EQ(waitForConnection(*channel, address, milliseconds(50)).error().message(),
            "nobody answers at " + address.text());
}

TEST(ChunksTest, AStreamIsPutTogetherAndVerified) {
  const std::string bytes(kChunkBytes * 2 + 1, 'x');
  ChunkReceiver receiver(bytes.size());
  int chunks = 0;
  ASSERT_TRUE(sendChunks(bytes, [&](std::string_view chunk) {
                ++chunks;
                return receiver.add(chunk).has_value();
              }).has_value());
  EXPECT_EQ(chunks, 3);
  EXPECT_EQ(*std::move(receiver).finish(bytes.size(), fs::sha256(bytes)), bytes);
}

TEST(ChunksTest, DamageIsNoticed) {
  ChunkReceiver wrong(10);
  ASSERT_TRUE(wrong.add("abc").has_value());
  EXPECT_EQ(wrong.add("12345678").error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(std::move(wrong).finish(3, fs::sha256("abd")).error().code(), ErrorCode::kCorruption);
  ChunkReceiver cut(10);
  EXPECT_EQ(std::move(cut).finish(3, "").error().code(), ErrorCode::kCorruption);
  EXPECT_FALSE(sendChunks("x", [](std::string_view) { return false; }).has_value());
}

TEST(RetryTest, DoublesUpToTheLongestThenGivesUp) {
  SeededRandom random(1);
  const SteadyTime start{};
  Retry retry({.initial = seconds(1),
               .longest = seconds(4),
               .factor = 2,
               .jitter = 0,
               .give_up_after = seconds(20)},
              start);
  EXPECT_EQ(retry.next(start, random), seconds(1));
  EXPECT_EQ(retry.next(start, random), seconds(2));
  EXPECT_EQ(retry.next(start, random), seconds(4));
  EXPECT_EQ(retry.next(start, random), seconds(4));
  EXPECT_EQ(retry.next(start + seconds(17), random), std::nullopt);
  retry.reset(start + seconds(17));
  EXPECT_EQ(retry.next(start + seconds(17), random), seconds(1));
}

TEST(RetryTest, JitterOnlyShortens) {
  SeededRandom random(7);
  for (int i = 0; i < 100; ++i) {
    Retry retry({.initial = seconds(10), .longest = seconds(10), .jitter = 0.2}, SteadyTime{});
    const auto delay = retry.next(SteadyTime{}, random);
    EXPECT_GE(*delay, seconds(8));
    EXPECT_LE(*delay, seconds(10));
  }
}

}  // namespace
}  // namespace weir::rpc
