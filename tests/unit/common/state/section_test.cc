#include "common/state/section.h"

#include <gtest/gtest.h>

#include "common/record/checksum.h"
#include "common/record/key_hash.h"
#include "common/state/operator_state.h"
#include "common/state/section_format.h"
#include "tests/unit/common/state/fixtures.h"

namespace weir::state {
namespace {

constexpr KeyGroupRange kAll{0, 32767};

StateInfo counts() {
  return {"counts", StateKind::kValue, ListMode::kNone, record::schemaOf<std::int64_t>()};
}

SectionInfo writeSmall(MemoryFile& file) {
  SectionWriter writer(file);
  EXPECT_TRUE(writer.beginState(counts(), record::schemaOf<std::string>()).has_value());
  EXPECT_TRUE(writer.entry(3, "k1", "", "v1").has_value());
  EXPECT_TRUE(writer.entry(3, "k2", "ns", "v2").has_value());
  EXPECT_TRUE(writer.entry(9, "k3", "", "").has_value());
  EXPECT_TRUE(writer.endState().has_value());
  EXPECT_TRUE(writeOperatorState(writer, {operatorListInfo<int>(), {"e1", "", "e3"}}).has_value());
  auto info = writer.finish();
  EXPECT_TRUE(info.has_value());
  return *info;
}

std::string readAll(const SectionReader& reader, std::size_t state, KeyGroupRange range) {
  std::string text;
  const Status status = reader.readKeyed(state, range, [&](const SectionReader::Entry& entry) {
    text += std::to_string(entry.key_group) + ":" + std::string(entry.key) + "/" +
            std::string(entry.name_space) + "=" + std::string(entry.value) + " ";
    return ok();
  });
  return status.has_value() ? text : status.error().text();
}

TEST(SectionTest, WhatWasWrittenIsRead) {
  MemoryFile file;
  const SectionInfo info = writeSmall(file);
  EXPECT_EQ(info.size, file.bytes.size());
  EXPECT_EQ(info.checksum, record::xxh3(file.bytes.data(), file.bytes.size()));
  const auto reader = SectionReader::open(file);
  ASSERT_TRUE(reader.has_value()) << reader.error().text();
  ASSERT_EQ((*reader)->states().size(), 2U);
  EXPECT_EQ((*reader)->states()[0].entries, 3U);
  EXPECT_EQ((*reader)->states()[0].key_schema, record::schemaOf<std::string>());
  EXPECT_EQ((*reader)->find("counts", StateKind::kValue), 0);
  EXPECT_EQ((*reader)->find("counts", StateKind::kList), -1);
  EXPECT_EQ(readAll(**reader, 0, kAll), "3:k1/=v1 3:k2/ns=v2 9:k3/= ");
  EXPECT_EQ(readAll(**reader, 0, {4, 9}), "9:k3/= ");
  EXPECT_EQ(readAll(**reader, 0, {4, 8}), "");
  EXPECT_EQ(*(*reader)->readElements(1), (std::vector<std::string>{"e1", "", "e3"}));
  EXPECT_TRUE((*reader)->verify().has_value());
}

TEST(SectionTest, AnEmptySectionIsOne) {
  MemoryFile file;
  SectionWriter writer(file);
  ASSERT_TRUE(writer.finish().has_value());
  const auto reader = SectionReader::open(file);
  ASSERT_TRUE(reader.has_value());
  EXPECT_TRUE((*reader)->states().empty());
}

Status openAndVerify(const MemoryFile& file) {
  WEIR_TRY(const auto reader, SectionReader::open(file));
  return reader->verify();
}

TEST(SectionTest, EveryFlippedByteIsCorruption) {
  MemoryFile file;
  writeSmall(file);
  for (std::size_t at = 0; at < file.bytes.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xFF'}) {
      MemoryFile damaged = file;
      damaged.bytes[at] = static_cast<char>(damaged.bytes[at] ^ flip);
      const Status status = openAndVerify(damaged);
      ASSERT_FALSE(status.has_value()) << at;
      ASSERT_EQ(status.error().code(), ErrorCode::kCorruption) << status.error().text();
    }
  }
}

TEST(SectionTest, EveryTruncationIsCorruption) {
  MemoryFile file;
  writeSmall(file);
  for (std::size_t size = 0; size < file.bytes.size(); ++size) {
    MemoryFile damaged;
    damaged.bytes = file.bytes.substr(0, size);
    const Status status = openAndVerify(damaged);
    ASSERT_FALSE(status.has_value()) << size;
    ASSERT_EQ(status.error().code(), ErrorCode::kCorruption);
  }
}

TEST(SectionTest, EntriesMayBeLargerThanBlocks) {
  MemoryFile file;
  SectionWriter writer(file);
  ASSERT_TRUE(writer.beginState(counts(), record::schemaOf<std::string>()).has_value());
  const std::string large(3'000'000, 'x');
  for (std::uint32_t group = 0; group < 300; ++group) {
    const std::string value = group == 150 ? large : std::string(group * 13, 'y');
    ASSERT_TRUE(writer.entry(group, std::to_string(group), "", value).has_value());
  }
  ASSERT_TRUE(writer.endState().has_value());
  ASSERT_TRUE(writer.finish().has_value());
  const auto reader = SectionReader::open(file);
  ASSERT_TRUE(reader.has_value());
  std::uint32_t next = 140;
  ASSERT_TRUE((*reader)
                  ->readKeyed(0,
                              {140, 299},
                              [&](const SectionReader::Entry& entry) {
                                EXPECT_EQ(entry.key_group, next);
                                EXPECT_EQ(entry.value.size(),
                                          next == 150 ? large.size() : next * 13);
                                ++next;
                                return ok();
                              })
                  .has_value());
  EXPECT_EQ(next, 300U);
  EXPECT_TRUE((*reader)->verify().has_value());
}

TEST(SectionTest, EntriesOutOfOrderAreRefused) {
  MemoryFile file;
  SectionWriter writer(file);
  ASSERT_TRUE(writer.beginState(counts()).has_value());
  ASSERT_TRUE(writer.entry(5, "a", "", "b").has_value());
  EXPECT_FALSE(writer.entry(4, "a", "", "b").has_value());
}

TEST(SectionTest, SizesThatOverflowAreCorruptionAlsoUnderARightChecksum) {
  MemoryFile file;
  SectionWriter writer(file, "w");
  ASSERT_TRUE(writer.beginState(counts(), record::schemaOf<std::string>()).has_value());
  ASSERT_TRUE(writer.entry(3, std::string(30, 'k'), "", "").has_value());
  ASSERT_TRUE(writer.endState().has_value());
  ASSERT_TRUE(writer.finish().has_value());
  const std::size_t block = format::kSmallestHeader + 1;
  const std::size_t content = block + format::kBlockHeader;
  // A key of 1 byte and a value of 2^64-1: together none at all.
  file.bytes.replace(content, 12, std::string("\1\0", 2) + std::string(9, '\xFF') + "\1");
  record::Checksum sum;
  sum.add(std::string_view(file.bytes).substr(block, 16));
  sum.add(std::string_view(file.bytes).substr(content, 33));
  const std::uint64_t value = sum.value();
  file.bytes.replace(block + 16, 8, reinterpret_cast<const char*>(&value), 8);
  const Status status = openAndVerify(file);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().text(), "an entry has an odd size");
}

TEST(OperatorStateTest, IsDecodedUnderItsSchema) {
  const std::string bytes = encodeElement(std::int32_t{-5});
  EXPECT_EQ(*decodeElement<std::int64_t>(bytes, record::schemaOf<std::int32_t>()), -5);
  const auto refused = decodeElement<std::string>(bytes, record::schemaOf<std::int32_t>());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().text(),
            "state 'checkpointed' does not fit: was i32 and is string now; the snapshot has i32, "
            "this program has string");
}

}  // namespace
}  // namespace weir::state
