#include <gtest/gtest.h>

#include "taskmanager/worker/network/frame.h"
#include "taskmanager/worker/network/hello.h"
#include "taskmanager/worker/network/signal_frame.h"

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

/// The signal as the other side reads it.
Result<functions::Signal> overTheWire(const functions::Signal& signal, std::size_t cut = 0) {
  const OutFrame frame = encodeSignal(5, signal);
  const FrameHeader header = FrameHeader::decode(frame.header.data());
  EXPECT_EQ(header.channel, 5U);
  EXPECT_EQ(header.length, frame.text.size());
  return decodeSignal(header.type, std::string_view(frame.text).substr(0, frame.text.size() - cut));
}

TEST(SignalFrameTest, EverySignalReadsBackAsWritten) {
  const std::vector<functions::Signal> signals = {
      functions::Barrier{CheckpointId(7), 1234, true},
      functions::Barrier{CheckpointId(8), 0, true, true},
      functions::Barrier{CheckpointId(9), 0, true, true, false, true},
      functions::LoopMark{3, 70'000, 2},
      functions::EndOfInput{},
      functions::Watermark{-5},
      functions::Watermark{}};
  for (const functions::Signal& signal : signals) {
    const auto read = overTheWire(signal);
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(*read, signal);
  }
}

TEST(SignalFrameTest, RefusesWhatIsCutShortAndFramesThatCarryNoSignal) {
  for (std::size_t cut = 1; cut <= 17; ++cut) {
    EXPECT_FALSE(overTheWire(functions::Barrier{CheckpointId(7), 1234, true}, cut).has_value());
  }
  for (std::size_t cut = 1; cut <= 8; ++cut) {
    EXPECT_FALSE(overTheWire(functions::Watermark{1}, cut).has_value());
  }
  EXPECT_FALSE(decodeSignal(FrameType::kEndOfInput, "x").has_value());
  EXPECT_FALSE(decodeSignal(FrameType::kCredit, "").has_value());
}

}  // namespace
}  // namespace weir::worker
