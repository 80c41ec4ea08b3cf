#include "jobmanager/ha/journal/journal_file.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/ids.h"

namespace weir::ha {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Two records from the start, two appended.
std::string sample() {
  std::string bytes;
  appendRecord(bytes, journalHeaderBytes(), "one");
  appendRecord(bytes, journalHeaderBytes() + bytes.size(), "");
  bytes.insert(0, journalHeader(LeaderEpoch(7), bytes.size()));
  appendRecord(bytes, bytes.size(), "three");
  appendRecord(bytes, bytes.size(), std::string(300, 'x'));
  return bytes;
}

TEST(JournalFile, GivesBackWhatWasAppended) {
  const std::string bytes = sample();
  const auto contents = parseJournal(bytes, "/f");
  ASSERT_TRUE(contents.has_value()) << contents.error().text();
  EXPECT_EQ(contents->epoch, LeaderEpoch(7));
  EXPECT_THAT(contents->records, ElementsAre("one", "", "three", std::string(300, 'x')));
  EXPECT_EQ(contents->end, bytes.size());
}

TEST(JournalFile, KeepsItsLayout) {
  std::string bytes = journalHeader(LeaderEpoch(7), 0);
  appendRecord(bytes, bytes.size(), "abc");
  EXPECT_EQ(toHex(bytes),
            "574549524a524e4c"  // Magic.
            "01000000"          // Version.
            "0700000000000000"  // Epoch.
            "0000000000000000"  // Bytes of records from the start.
            "716afc4fce1c26c7"  // Checksum.
            "03000000"          // Length.
            "9f1545b7"          // Its checksum.
            "616263"
            "16cbb54888f2bc20");  // Checksum.
}

TEST(JournalFile, CutsOffAnUnfinishedLastRecordOfAnyLength) {
  const std::string bytes = sample();
  const std::size_t last = bytes.size() - recordBytes(std::string(300, 'x'));
  for (std::size_t size = last; size < bytes.size(); ++size) {
    const auto contents = parseJournal(std::string_view(bytes).substr(0, size), "/f");
    ASSERT_TRUE(contents.has_value()) << size << ": " << contents.error().text();
    EXPECT_EQ(contents->records.size(), 3U) << size;
    EXPECT_EQ(contents->end, last) << size;
  }
}

TEST(JournalFile, CutsOffBytesThatNeverCame) {
  const std::string bytes = sample() + std::string(4096, '\0');
  const auto contents = parseJournal(bytes, "/f");
  ASSERT_TRUE(contents.has_value()) << contents.error().text();
  EXPECT_EQ(contents->end, sample().size());
}

TEST(JournalFile, RefusesEveryFlippedBitAndNamesItsFile) {
  std::string bytes = sample();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
      const auto contents = parseJournal(bytes, "/dir/journal-7-1");
      ASSERT_FALSE(contents.has_value()) << "byte " << i;
      EXPECT_THAT(contents.error().message(), HasSubstr("/dir/journal-7-1"));
      EXPECT_FALSE(contents.error().advice().empty());
      bytes[i] = static_cast<char>(bytes[i] ^ (1 << bit));
    }
  }
}

TEST(JournalFile, RefusesAFileThatEndsInWhatItWasMadeWith) {
  const std::string bytes = sample();
  const std::size_t snapshot = journalHeaderBytes() + recordBytes("one") + recordBytes("");
  for (std::size_t size = 0; size < snapshot; ++size) {
    EXPECT_FALSE(parseJournal(std::string_view(bytes).substr(0, size), "/f").has_value()) << size;
  }
}

TEST(JournalFile, RefusesARecordThatStandsTwiceOrAtAnotherPlace) {
  std::string bytes = sample();
  const std::size_t third = journalHeaderBytes() + recordBytes("one") + recordBytes("");
  bytes += bytes.substr(third, recordBytes("three"));
  const auto contents = parseJournal(bytes, "/f");
  ASSERT_FALSE(contents.has_value());
  EXPECT_EQ(contents.error().code(), ErrorCode::kCorruption);
}

TEST(JournalFile, SaysWhichReleaseReadsANewerFormat) {
  std::string newer = journalHeader(LeaderEpoch(1), 0);
  EXPECT_TRUE(parseJournal(newer, "/f").has_value());
  const auto contents =
      parseJournal("something else altogether that is longer than a header", "/f");
  ASSERT_FALSE(contents.has_value());
  EXPECT_THAT(contents.error().text(), HasSubstr("/f is no journal of a job manager"));
}

}  // namespace
}  // namespace weir::ha
