#include "common/base/huge_pages.h"

#include <cstdint>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(HugePagesTest, AnArrayKeepsItsContentWhileItGrowsIntoThem) {
  std::vector<std::uint64_t, HugePageAllocator<std::uint64_t>> array;
  for (std::uint64_t i = 0; i < 3'000'000; ++i) {  // To 24 MB, by doubling.
    array.push_back(i);
  }
  for (std::uint64_t i = 0; i < array.size(); ++i) {
    ASSERT_EQ(array[i], i);
  }
  array.assign(10, 7);
  array.shrink_to_fit();
  EXPECT_EQ(array[9], 7U);
}

TEST(HugePagesTest, TheyStandAtMultiplesOfTheirSize) {
  for (const std::size_t pages : {1, 3, 1}) {
    const std::size_t bytes = pages * kHugePageBytes;
    auto* at = static_cast<std::byte*>(takeHugePages(bytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(at) % kHugePageBytes, 0U);
    at[0] = at[bytes - 1] = std::byte{1};
    giveHugePages(at, bytes);
  }
}

TEST(HugePagesTest, RefusesWhatNoMachineHas) {
  EXPECT_THROW(HugePageAllocator<std::uint64_t>().allocate(std::numeric_limits<std::size_t>::max() /
                                                           sizeof(std::uint64_t)),
               std::bad_alloc);
}

}  // namespace
}  // namespace weir
