#include "taskmanager/worker/task/stop_request.h"

#include <gtest/gtest.h>

namespace weir::worker {
namespace {

TEST(StopRequestTest, IsNotMadeBeforeSomebodyAsks) {
  WakeSignal signal;
  const StopRequest stop(signal);
  EXPECT_FALSE(stop.made());
  EXPECT_EQ(stop.causeBeside("thrown"), "thrown");
}

TEST(StopRequestTest, ATaskThatIsCancelledHasNoCauseWhateverItThrows) {
  WakeSignal signal;
  StopRequest stop(signal);
  stop.fail("a peer is gone");
  stop.cancel();
  EXPECT_TRUE(stop.made());
  EXPECT_EQ(stop.causeBeside("thrown"), "");
}

TEST(StopRequestTest, TheFirstCauseFromOutsideCountsUnlessTheTaskHasItsOwn) {
  WakeSignal signal;
  StopRequest stop(signal);
  stop.fail("a peer is gone");
  stop.fail("another one, too");
  EXPECT_EQ(stop.causeBeside(""), "a peer is gone");
  EXPECT_EQ(stop.causeBeside("thrown"), "thrown");
}

TEST(StopRequestTest, ALostPeerFailsTheTaskUnlessPeersMayGoAndThenOnceItIsNeededAgain) {
  WakeSignal signal;
  StopRequest stop(signal);
  stop.letPeersGo(true);
  stop.lost("a peer is gone");
  EXPECT_FALSE(stop.made());
  stop.letPeersGo(false);
  EXPECT_TRUE(stop.made());
  EXPECT_EQ(stop.causeBeside(""), "a peer is gone");
  StopRequest another(signal);
  another.lost("a peer is gone");
  EXPECT_TRUE(another.made());
}

TEST(StopRequestTest, WakesTheTaskThatSleeps) {
  WakeSignal signal;
  StopRequest stop(signal);
  signal.prepare();
  stop.fail("a peer is gone");
  signal.wait();  // Would sleep for ever.
  EXPECT_TRUE(stop.flag());
}

}  // namespace
}  // namespace weir::worker
