#include "taskmanager/worker/network/flow_window.h"

#include <gtest/gtest.h>

namespace weir::worker {
namespace {

using std::chrono::milliseconds;

TEST(FlowWindowTest, GrowsToFullBuffersWhileTheReceiverKeepsUp) {
  FlowWindow flow(32768, 8);
  for (int i = 0; i < 10; ++i) {
    flow.sentAtOnce(flow.targetBytes(), 0);
  }
  EXPECT_EQ(flow.targetBytes(), 32768U);
  EXPECT_EQ(flow.window(), 8U);
}

TEST(FlowWindowTest, DoesNotGrowWhileBuffersStillWaitAtTheReceiver) {
  FlowWindow flow(32768, 8);
  for (int i = 0; i < 10; ++i) {
    flow.sentAtOnce(flow.targetBytes(), 1);
  }
  EXPECT_EQ(flow.targetBytes(), FlowWindow::kFirstBytes);
}

TEST(FlowWindowTest, ShrinksToOneSmallBufferWhenTheReceiverIsVerySlow) {
  FlowWindow flow(32768, 8);
  SteadyTime now{milliseconds(1000)};
  for (int i = 0; i < 20; ++i) {
    flow.blocked(now);
    now += milliseconds(500);
    flow.sentAfterWait(now);
  }
  EXPECT_EQ(flow.targetBytes(), FlowWindow::kLeastBytes);
  EXPECT_EQ(flow.window(), 1U);
}

TEST(FlowWindowTest, GrowsBackWhenRoomComesQuicklyAgain) {
  FlowWindow flow(32768, 8);
  SteadyTime now{milliseconds(1000)};
  flow.blocked(now);
  flow.sentAfterWait(now += milliseconds(2000));
  EXPECT_LT(flow.targetBytes(), FlowWindow::kFirstBytes);
  for (int i = 0; i < 20; ++i) {
    flow.blocked(now);
    flow.sentAfterWait(now += std::chrono::microseconds(100));
  }
  EXPECT_EQ(flow.targetBytes(), 32768U);
}

}  // namespace
}  // namespace weir::worker
