#include "taskmanager/worker/network/input_gate.h"

#include <cstring>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

class InputGateTest : public ::testing::Test, public CreditSink {
 protected:
  void grant(std::uint32_t link_channel, std::uint32_t credits) override {
    granted.emplace_back(link_channel, credits);
  }
  Buffer numbered(int number) {
    Buffer buffer = pool.take();
    std::memcpy(buffer.data(), &number, sizeof number);
    buffer.resize(sizeof number);
    return buffer;
  }
  bool push(std::uint32_t channel, int number, std::uint32_t window = InputGate::kCredits) {
    Buffer buffer = numbered(number);
    const bool pushed = gate.tryPush(channel, buffer, window, sender, recycled);
    pool.give(std::move(buffer));
    return pushed;
  }
  /// The number of the next buffer, -1 for a signal, -2 for nothing.
  int next() {
    auto arrival = gate.next();
    auto* buffer = arrival ? std::get_if<Buffer>(&arrival->element) : nullptr;
    if (buffer == nullptr) {
      return arrival ? -1 : -2;
    }
    int number = 0;
    std::memcpy(&number, buffer->data(), sizeof number);
    gate.recycle(arrival->channel, std::move(*buffer));
    return number;
  }

  BufferPool pool{4096, 1000};
  WakeSignal sender;
  WakeSignal consumer;
  std::vector<Buffer> recycled;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> granted;
  InputGate gate{2, pool, consumer};
};

TEST_F(InputGateTest, HoldsASenderBackAtItsWindowButTakesSignals) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(push(0, i, 4));
  }
  EXPECT_FALSE(push(0, 4, 4));
  EXPECT_TRUE(push(1, 5, 4));
  gate.pushSignal(0, functions::EndOfInput{});
  EXPECT_EQ(gate.inFlight(0), 4U);
}

TEST_F(InputGateTest, ReadsEachChannelInOrderAndChannelsInTurn) {
  push(0, 1);
  push(0, 2);
  gate.pushSignal(0, functions::EndOfInput{});
  push(1, 10);
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 10);
  EXPECT_EQ(next(), 2);
  EXPECT_EQ(next(), -1);
  EXPECT_EQ(next(), -2);
}

TEST_F(InputGateTest, LeavesABlockedChannelUnreadUntilAllAreReleased) {
  push(0, 1);
  push(0, 2);
  EXPECT_EQ(next(), 1);
  gate.block(0);
  push(0, 3);
  push(1, 10);
  EXPECT_EQ(next(), 10);
  EXPECT_EQ(next(), -2);
  gate.unblockAll();
  EXPECT_EQ(next(), 2);
  EXPECT_EQ(next(), 3);
}

TEST_F(InputGateTest, GivesReadBuffersBackToASenderOfThisProcess) {
  push(0, 1);
  EXPECT_EQ(next(), 1);
  push(0, 2);
  EXPECT_EQ(recycled.size(), 1U);
}

TEST_F(InputGateTest, ReturnsCreditsOfAPeerInBatchesAndTheRestBeforeSleep) {
  gate.setPeer(0, *this, 7);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(gate.pushFromPeer(0, numbered(i)));
  }
  for (int i = 0; i < 5; ++i) {
    next();
  }
  EXPECT_THAT(granted, ElementsAre(Pair(7, 4)));
  gate.returnCredits();
  EXPECT_THAT(granted, ElementsAre(Pair(7, 4), Pair(7, 1)));
}

TEST_F(InputGateTest, RefusesAPeerThatSendsWithoutCredit) {
  gate.setPeer(0, *this, 0);
  for (std::uint32_t i = 0; i < InputGate::kCredits; ++i) {
    ASSERT_TRUE(gate.pushFromPeer(0, numbered(0)));
  }
  EXPECT_FALSE(gate.pushFromPeer(0, numbered(0)));
}

TEST_F(InputGateTest, GrantsAPeerOneBufferAtATimeWhileThePoolIsExhausted) {
  BufferPool small(4096, 1);
  InputGate tight(1, small, consumer);
  tight.setPeer(0, *this, 3);
  Buffer held = small.take();
  for (std::uint32_t i = 0; i < InputGate::kCredits; ++i) {
    ASSERT_TRUE(tight.pushFromPeer(0, small.take()));
  }
  for (std::uint32_t i = 0; i < InputGate::kCredits; ++i) {
    auto arrival = tight.next();
    tight.recycle(0, std::move(std::get<Buffer>(arrival->element)));
  }
  tight.returnCredits();
  EXPECT_THAT(granted, ElementsAre(Pair(3, 1)));
  small.give(std::move(held));
  tight.returnCredits();
  EXPECT_THAT(granted, ElementsAre(Pair(3, 1), Pair(3, InputGate::kCredits - 1)));
}

functions::Signal barrierOf(std::uint64_t id) {
  functions::Barrier barrier;
  barrier.checkpoint = CheckpointId(id);
  return barrier;
}

TEST_F(InputGateTest, AnnouncesBarriersThatStandBehindRecords) {
  gate.announceBarriers();
  push(1, 7);
  EXPECT_FALSE(gate.announced());
  gate.pushSignal(1, barrierOf(3));
  ASSERT_TRUE(gate.announced());
  const auto announced = gate.takeAnnounced();
  ASSERT_EQ(announced.size(), 1U);
  EXPECT_EQ(announced[0].channel, 1U);
  EXPECT_EQ(announced[0].barrier.checkpoint, CheckpointId(3));
  EXPECT_FALSE(gate.announced());
  EXPECT_EQ(next(), 7);
}

TEST_F(InputGateTest, AnnouncesNothingToWhoDoesNotAsk) {
  gate.pushSignal(1, barrierOf(3));
  EXPECT_FALSE(gate.announced());
}

TEST_F(InputGateTest, CopiesWhatStandsInFrontOfABarrierAndNothingBehindIt) {
  push(0, 1);
  gate.pushSignal(0, functions::Watermark{5});
  gate.pushSignal(0, barrierOf(1));  // Aborted, and passed over.
  push(0, 2);
  gate.pushSignal(0, functions::EndOfInput{});
  gate.pushSignal(0, barrierOf(2));
  push(0, 3);
  push(1, 4);  // Its barrier was delivered.
  std::vector<std::string> ahead;
  for (const Arrival& one : gate.copyAhead(CheckpointId(2))) {
    EXPECT_EQ(one.channel, 0U);
    if (const auto* buffer = std::get_if<Buffer>(&one.element)) {
      int number = 0;
      std::memcpy(&number, buffer->data(), sizeof number);
      ahead.push_back(std::to_string(number));
    } else {
      ahead.push_back("watermark");
    }
  }
  EXPECT_THAT(ahead, ElementsAre("1", "watermark", "2"));
  EXPECT_THAT((std::vector{next(), next()}), ElementsAre(1, 4));  // All of it is still there.
}

TEST_F(InputGateTest, APeerMayOverdrawItsCreditsAndGetsThemBack) {
  gate.announceBarriers();
  gate.setPeer(0, *this, 70);
  for (std::uint32_t i = 0; i < InputGate::kCredits + InputGate::kOverdraft; ++i) {
    EXPECT_TRUE(gate.pushFromPeer(0, numbered(static_cast<int>(i))));
  }
  EXPECT_FALSE(gate.pushFromPeer(0, numbered(0)));
  std::uint32_t sum = 0;
  while (next() != -2) {
  }
  gate.returnCredits();
  for (const auto& [channel, credits] : granted) {
    EXPECT_EQ(channel, 70U);
    sum += credits;
  }
  EXPECT_EQ(sum, InputGate::kCredits + InputGate::kOverdraft);
}

TEST_F(InputGateTest, AnExhaustedPoolGrantsAnOverdrawnPeerNoMoreThanOneBuffer) {
  BufferPool small(4096, 0);
  InputGate own(1, small, consumer);
  own.announceBarriers();
  own.setPeer(0, *this, 70);
  const std::uint32_t sent = InputGate::kCredits + 5;
  for (std::uint32_t i = 0; i < sent; ++i) {
    EXPECT_TRUE(own.pushFromPeer(0, small.take()));
  }
  for (auto arrival = own.next(); arrival; arrival = own.next()) {
    own.recycle(0, std::move(std::get<Buffer>(arrival->element)));
  }
  std::uint32_t sum = 0;
  for (const auto& [channel, credits] : granted) {
    sum += credits;
  }
  EXPECT_EQ(sum, sent - (InputGate::kCredits - 1));
}

}  // namespace
}  // namespace weir::worker
