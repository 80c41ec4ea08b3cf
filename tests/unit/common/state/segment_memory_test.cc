#include "common/state/segment_memory.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace weir::state {
namespace {

constexpr std::size_t kBytes = 6500;  // Of a segment; a page holds 322.

char* taken(char mark) {
  auto* segment = static_cast<char*>(takeSegment(kBytes));
  std::memset(segment, mark, kBytes);
  return segment;
}

bool holds(const char* segment, char mark) {
  return std::all_of(segment, segment + kBytes, [mark](char one) { return one == mark; });
}

/// Bytes of this process in memory.
[[maybe_unused]] std::size_t resident() {
  std::size_t size = 0;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> size >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(SegmentMemoryTest, NoTwoSegmentsOverlapHoweverManyThereAre) {
  std::vector<char*> segments;
  for (int i = 0; i < 2000; ++i) {
    segments.push_back(taken(static_cast<char>(i)));
  }
  for (int i = 0; i < 2000; i += 2) {
    giveSegment(segments[i], kBytes);
  }
  for (int i = 0; i < 2000; i += 2) {
    segments[i] = taken(static_cast<char>(i));
  }
  for (int i = 0; i < 2000; ++i) {
    ASSERT_TRUE(holds(segments[i], static_cast<char>(i))) << i;
    giveSegment(segments[i], kBytes);
  }
}

TEST(SegmentMemoryTest, SizesDoNotMix) {
  std::vector<std::pair<void*, std::size_t>> segments;
  for (std::size_t i = 0; i < 3000; ++i) {
    const std::size_t bytes = 1000 + i % 3 * 4096 + (i % 500 == 0 ? 1'000'000 : 0);
    segments.emplace_back(takeSegment(bytes), bytes);
    std::memset(segments.back().first, 'x', bytes);
  }
  for (const auto& [segment, bytes] : segments) {
    ASSERT_EQ(std::count(static_cast<char*>(segment), static_cast<char*>(segment) + bytes, 'x'),
              static_cast<std::ptrdiff_t>(bytes));
    giveSegment(segment, bytes);
  }
}

TEST(SegmentMemoryTest, ThreadsGiveWhatOthersTook) {
  std::vector<char*> segments(4000);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < segments.size(); i += 4) {
        segments[i] = taken(static_cast<char>(i));
      }
    });
  }
  for (std::thread& one : threads) {
    one.join();
  }
  threads.clear();
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = (t + 1) % 4; i < segments.size(); i += 4) {
        EXPECT_TRUE(holds(segments[i], static_cast<char>(i)));
        giveSegment(segments[i], kBytes);
      }
    });
  }
  for (std::thread& one : threads) {
    one.join();
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(SegmentMemoryTest, PagesGoBackToTheSystem) {
  constexpr std::size_t kSlack = std::size_t{8} << 20;
  const std::size_t before = resident();
  std::vector<char*> segments;
  for (int i = 0; i < 20'000; ++i) {
    segments.push_back(taken('x'));
  }
  EXPECT_GT(resident(), before + 20'000 * kBytes - kSlack);
  std::shuffle(segments.begin(), segments.end(), std::mt19937(1));
  for (char* segment : segments) {
    giveSegment(segment, kBytes);
  }
  EXPECT_LT(resident(), before + kSlack);
}
#endif

}  // namespace
}  // namespace weir::state
