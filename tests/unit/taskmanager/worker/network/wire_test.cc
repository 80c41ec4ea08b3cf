#include <gtest/gtest.h>

#include "taskmanager/worker/network/event.h"
#include "taskmanager/worker/network/frame.h"
#include "taskmanager/worker/network/hello.h"

namespace weir::worker {
namespace {

DataHello hello() {
  DataHello hello;
  hello.job = *JobId::parse("000102030405060708090a0b0c0d0e0f");
  hello.attempt = AttemptId(3);
  hello.token = helloToken("sixteen bytes ok");
  hello.from_worker = 1;
  hello.to_worker = 2;
  return hello;
}

TEST(DataHelloTest, ReadsBackAsWritten) {
  const auto bytes = hello().encode();
  const auto read = DataHello::decode({bytes.data(), bytes.size()});
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->job, hello().job);
  EXPECT_EQ(read->attempt, AttemptId(3));
  EXPECT_EQ(read->token, helloToken("sixteen bytes ok"));
  EXPECT_EQ(read->from_worker, 1U);
  EXPECT_EQ(read->to_worker, 2U);
}

TEST(DataHelloTest, StartsWithTheMagicThatPeopleCanRead) {
  const auto bytes = hello().encode();
  EXPECT_EQ(std::string(bytes.data(), 4), "WEIR");
}

TEST(DataHelloTest, RefusesAnotherMagicLengthOrVersion) {
  auto bytes = hello().encode();
  EXPECT_FALSE(DataHello::decode({bytes.data(), 55}).has_value());
  bytes[4] = 9;
  EXPECT_EQ(DataHello::decode({bytes.data(), bytes.size()}).error().code(),
            ErrorCode::kFailedPrecondition);
  bytes[0] = 'G';
  EXPECT_EQ(DataHello::decode({bytes.data(), bytes.size()}).error().code(),
            ErrorCode::kInvalidArgument);
}

TEST(EventTest, ABarrierCarriesItsWholeOrder) {
  runtime::CheckpointOrder order{CheckpointId(7), 1234, true};
  const auto read = decodeEvent(Event::Kind::kBarrier, encodeEvent(Event::barrier(order)));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->order.checkpoint, CheckpointId(7));
  EXPECT_EQ(read->order.timestamp_millis, 1234);
  EXPECT_TRUE(read->order.savepoint);
}

TEST(EventTest, RefusesATruncatedBarrier) {
  const std::string bytes = encodeEvent(Event::barrier({CheckpointId(7), 1234, true}));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(
        decodeEvent(Event::Kind::kBarrier, std::string_view(bytes).substr(0, length)).has_value());
  }
}

}  // namespace
}  // namespace weir::worker
