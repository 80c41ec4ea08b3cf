#include "common/wire/element_count.h"

#include <gtest/gtest.h>

#include "checkpoint.pb.h"
#include "common/wire/checkpoint.h"
#include "tests/unit/common/wire/fixture.h"

namespace weir::wire {
namespace {

const std::vector<MessageShape>& shapes() {
  static const std::vector<MessageShape> all = {{11, {{9, {}}, {10, {{3, {}}}}}}};
  return all;
}

TEST(ElementCountTest, CountsMessagesAndThoseInThem) {
  v1::CheckpointMetadata message = toProto(testing::metadata());
  // One operator, its state, two subtasks and their handles.
  EXPECT_EQ(countMessages(message.SerializeAsString(), shapes()), 6U);
  message.add_operators();
  EXPECT_EQ(countMessages(message.SerializeAsString(), shapes()), 7U);
}

TEST(ElementCountTest, CountsEmptyOnesThatWouldTakeAHundredTimesTheirBytes) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    bytes += std::string("\x5A\0", 2);  // Field 11, no bytes.
  }
  EXPECT_EQ(countMessages(bytes, shapes()), 1000U);
}

TEST(ElementCountTest, EndsWhereTheEncodingBreaks) {
  for (const std::string broken : {"\x5A", "\x5A\x05", "\x80\x80", "\x5B", "\x59\x01"}) {
    EXPECT_EQ(countMessages(std::string("\x5A\0", 2) + broken, shapes()), 1U);
  }
}

}  // namespace
}  // namespace weir::wire
