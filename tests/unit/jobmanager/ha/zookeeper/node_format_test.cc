#include "jobmanager/ha/zookeeper/node_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir::ha {
namespace {

/// No byte of `bytes` may be another one or lack.
template <typename Decode>
void expectChecked(const std::string& bytes, Decode decode) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    std::string other = bytes;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(decode(other).has_value()) << i;
    EXPECT_FALSE(decode(bytes.substr(0, i)).has_value()) << i;
  }
  EXPECT_FALSE(decode(bytes + "x").has_value());
}

TEST(NodeFormatTest, ATermIsReadAsItWasWrittenAndChecked) {
  const TermNode term{LeaderEpoch(7), 42, "token", "the job manager on host"};
  const std::string bytes = encodeTerm(term);
  EXPECT_EQ(*decodeTerm(bytes), term);
  expectChecked(bytes, decodeTerm);
}

TEST(NodeFormatTest, ARecordAndAPointerAreReadAsTheyWereWrittenAndChecked) {
  const RecordNode inside{.record = std::string("a\0b", 3), .file = "", .size = 0, .checksum = 0};
  EXPECT_EQ(*decodeRecordNode(encodeRecordNode(inside)), inside);
  const RecordNode pointer{.record = "", .file = "record-1-ab", .size = 9, .checksum = 5};
  EXPECT_EQ(*decodeRecordNode(encodeRecordNode(pointer)), pointer);
  expectChecked(encodeRecordNode(pointer), decodeRecordNode);
}

TEST(NodeFormatTest, AFileSaysWhoseItIsAlsoByItsBeginning) {
  const std::string bytes = encodeRecordFile("/flink/one", std::string(9000, 'r'));
  const auto file = decodeRecordFile(bytes);
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->root, "/flink/one");
  EXPECT_EQ(file->record.size(), 9000U);
  EXPECT_EQ(rootOfRecordFile(std::string_view(bytes).substr(0, 100)), "/flink/one");
  EXPECT_EQ(rootOfRecordFile("something else"), "");
  EXPECT_EQ(rootOfRecordFile(""), "");
  expectChecked(encodeRecordFile("/r", "record"), decodeRecordFile);
}

TEST(NodeFormatTest, ThatOfANewerReleaseIsNoDamage) {
  std::string bytes = encodeTerm({LeaderEpoch(1), 0, "", ""});
  bytes[8] = 9;
  EXPECT_EQ(decodeTerm(bytes).error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::ha
