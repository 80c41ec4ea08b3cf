#include "taskmanager/worker/operators/chain_background.h"

#include <gtest/gtest.h>

#include "tests/unit/taskmanager/worker/operators/working.h"

namespace weir::worker {
namespace {

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
