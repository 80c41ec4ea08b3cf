#include "taskmanager/worker/operators/chain_background.h"

#include <cstddef>
#include <memory>

#include <gtest/gtest.h>

#include "common/functions/operator_base.h"

namespace weir::worker {
namespace {

/// Has work that leads to twice as much in the one behind it, which takes more while it has less
/// than its capacity.
class Working final : public functions::OperatorBase, public functions::Background {
 public:
  explicit Working(std::size_t capacity) : OperatorBase(1), capacity_(capacity) {}
  functions::Background* background() override { return this; }
  bool isReady() const override { return held > 0 && !asleep; }
  void handOut() override {
    if (held > 0 && !asleep) {
      --held;
      if (next != nullptr) {
        next->held += 2;
      }
    }
  }
  bool hasRoom() const override { return held < capacity_; }
  bool holdsEnd() const override { return false; }

  functions::AnyReceiver* input(std::uint32_t /*port*/) override { return nullptr; }
  void addOutput(functions::AnyReceiver& /*next*/) override {}
  Status restore(const functions::OperatorRestore& /*restore*/) override { return ok(); }
  void check(const functions::OperatorRestore& /*restore*/,
             state::CheckListener& /*listener*/) override {}
  void open() override {}
  void close() override {}
  void emit(const functions::Signal& /*signal*/) override {}
  std::unique_ptr<state::FrozenState> snapshot(CheckpointId /*checkpoint*/) override {
    return nullptr;
  }

  std::size_t held = 0;
  bool asleep = false;
  Working* next = nullptr;

 private:
  const std::size_t capacity_;
};

class ChainBackgroundTest : public ::testing::Test {
 protected:
  ChainBackgroundTest() {
    head.next = &body;
    chain.add(head);
    chain.add(body);
  }
  Working head{100'000};
  Working body{2};
  ChainBackground chain;
};

TEST_F(ChainBackgroundTest, NothingIsHandedOutToAnOperatorThatHasNoRoom) {
  head.held = 1000;
  body.asleep = true;
  for (int turn = 0; turn < 100 && chain.isReady(); ++turn) {
    chain.handOut();
    EXPECT_LE(body.held, 2U);
  }
  EXPECT_FALSE(chain.isReady()) << "a task that cannot do anything sleeps";
  EXPECT_EQ(head.held, 999U);
  body.asleep = false;
  for (int turn = 0; turn < 100'000 && chain.isReady(); ++turn) {
    chain.handOut();
    ASSERT_LE(body.held, 3U);
  }
  EXPECT_EQ(head.held + body.held, 0U);
}

TEST_F(ChainBackgroundTest, TheInputHasTurnsWhileABacklogFillsWhatIsBehindIt) {
  head.held = 1000;
  int turns_of_input = 0;
  for (int turn = 0; turn < 400; ++turn) {
    chain.handOut();
    turns_of_input += chain.hasRoom() ? 1 : 0;
  }
  EXPECT_GE(turns_of_input, 50);
  EXPECT_LT(head.held, 950U);
}

}  // namespace
}  // namespace weir::worker
