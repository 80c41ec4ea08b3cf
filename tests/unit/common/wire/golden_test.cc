// Metadata files that earlier versions wrote are read as they were meant.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/encoding.h"

namespace weir::wire {
namespace {

using ::testing::ElementsAre;

std::string golden(const std::string& name) {
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "../../../golden";
  std::ifstream file(folder / name, std::ios::binary);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(GoldenTest, TheFirstReleasesPointerToACheckpointIsRead) {
  const auto metadata = decodeMetadata(golden("0.1.0/pointer/metadata"));
  ASSERT_TRUE(metadata.has_value()) << metadata.error().text();
  EXPECT_EQ(metadata->writer, "0.1.0");
  EXPECT_EQ(metadata->job_name, "Golden");
  EXPECT_TRUE(metadata->savepoint);
  EXPECT_EQ(metadata->checkpoint, CheckpointId(7));
  EXPECT_THAT(metadata->data_directory, ::testing::MatchesRegex("file:/.*/[0-9a-f]{32}/chk-7"));
  std::vector<std::string> uids;
  std::vector<std::size_t> states;
  for (const auto& one : metadata->operators) {
    uids.push_back(one.uid);
    states.push_back(one.states.size());
  }
  EXPECT_THAT(uids, ElementsAre("numbers", "passed", "every", "", "last-lines"));
  EXPECT_THAT(states, ElementsAre(1, 1, 8, 1, 1));
}

TEST(GoldenTest, TheFirstReleasesMovableFormNamesNoDirectory) {
  for (const char* form : {"savepoint", "checkpoint"}) {
    const auto metadata = decodeMetadata(golden(std::string("0.1.0/") + form + "/metadata"));
    ASSERT_TRUE(metadata.has_value()) << metadata.error().text();
    EXPECT_EQ(metadata->data_directory, "");
  }
}

}  // namespace
}  // namespace weir::wire
