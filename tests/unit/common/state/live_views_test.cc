#include "common/state/live_views.h"

#include <memory>

#include <gtest/gtest.h>

namespace weir::state {
namespace {

/// Counts those that there are.
struct Counted {
  explicit Counted(int& all) : count(all) { ++count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() { --count; }
  int& count;
};

class LiveViewsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Counted> segment() { return std::make_unique<Counted>(segments_); }

  int segments_ = 0;
  LiveViews<Counted> views_;
};

TEST_F(LiveViewsTest, SeeWhatWasThereWhenTheyBegan) {
  EXPECT_FALSE(views_.see(0));
  views_.begin(3);
  EXPECT_TRUE(views_.see(2));
  EXPECT_TRUE(views_.see(3));
  EXPECT_FALSE(views_.see(4));
  views_.end(3);
  EXPECT_FALSE(views_.see(2));
}

TEST_F(LiveViewsTest, AnOlderOneSeesNothingOfWhatCameAfterIt) {
  views_.begin(1);
  views_.begin(2);
  views_.end(2);
  EXPECT_TRUE(views_.see(1));
  EXPECT_FALSE(views_.see(2));
}

TEST_F(LiveViewsTest, WhatIsReplacedStaysUntilTheLastViewThatSeesItEnds) {
  views_.begin(1);
  views_.begin(2);
  views_.retire(segment(), 1, 3);  // Both see it.
  views_.retire(segment(), 2, 3);  // The second.
  EXPECT_EQ(segments_, 2);
  views_.begin(3);
  views_.end(2);
  EXPECT_EQ(segments_, 1);
  views_.end(1);
  EXPECT_EQ(segments_, 0);
}

TEST_F(LiveViewsTest, WhatNoViewSeesGoesAtOnce) {
  views_.begin(4);
  views_.retire(segment(), 5, 6);  // Came after it.
  views_.retire(segment(), 2, 4);  // Was gone before it.
  EXPECT_EQ(segments_, 0);
}

TEST_F(LiveViewsTest, WhatIsStillSeenGoesWithThem) {
  {
    LiveViews<Counted> views;
    views.begin(0);
    views.retire(segment(), 0, 1);
    EXPECT_EQ(segments_, 1);
  }
  EXPECT_EQ(segments_, 0);
}

}  // namespace
}  // namespace weir::state
