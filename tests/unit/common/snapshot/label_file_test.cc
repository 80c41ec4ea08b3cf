#include "common/snapshot/label_file.h"

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "tests/unit/common/fs/faulty_file_system.h"

namespace weir::snapshot {
namespace {

class LabelFileTest : public testing::Test {
 protected:
  std::string label() {
    const auto read = readLabel(files_, "/s");
    return read ? *read : "error: " + read.error().message();
  }

  fs::MemoryFileSystem files_;
};

TEST_F(LabelFileTest, HoldsTheLastTextUntilItIsRemoved) {
  EXPECT_EQ(label(), "");
  ASSERT_TRUE(writeLabel(files_, "/s", "before the m\xc3\xb6ve").has_value());
  EXPECT_EQ(label(), "before the m\xc3\xb6ve");
  ASSERT_TRUE(writeLabel(files_, "/s", "after").has_value());
  EXPECT_EQ(label(), "after");
  ASSERT_TRUE(removeLabel(files_, "/s").has_value());
  ASSERT_TRUE(removeLabel(files_, "/s").has_value());
  EXPECT_EQ(label(), "");
}

TEST_F(LabelFileTest, RefusesWhatIsNoLineOfText) {
  for (const std::string& text : {std::string(),
                                  std::string("a\nb"),
                                  std::string("\xff"),
                                  std::string("a\x1b[2J"),
                                  std::string(kMostLabelBytes + 1, 'x')}) {
    EXPECT_FALSE(writeLabel(files_, "/s", text).has_value()) << text;
  }
  EXPECT_TRUE(writeLabel(files_, "/s", std::string(kMostLabelBytes, 'x')).has_value());
}

TEST_F(LabelFileTest, EveryFlippedOrMissingByteIsFound) {
  ASSERT_TRUE(writeLabel(files_, "/s", "label").has_value());
  const std::string path = fs::join("/s", labelName(0));
  const std::string whole = *fs::readAll(files_, path);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    ASSERT_TRUE(files_.corrupt(path, flipped).has_value());
    EXPECT_TRUE(label().starts_with("error: ")) << at;
    ASSERT_TRUE(files_.corrupt(path, whole.substr(0, at)).has_value());
    EXPECT_TRUE(label().starts_with("error: ")) << at;
  }
}

TEST_F(LabelFileTest, NoFileOfStateHasItsName) {
  EXPECT_FALSE(isStateFileName("label"));
  EXPECT_FALSE(isStateFileName("label-12"));
  for (const char* name : {"label-", "label-0", "label-x", "labels", "label-9999999999999999999"}) {
    EXPECT_TRUE(isStateFileName(name)) << name;
  }
}

TEST_F(LabelFileTest, WhatGoesWrongWhileItIsReplacedLeavesTheOldOneOrTheNewOne) {
  using fs::testing::FaultyFileSystem;
  using Fault = FaultyFileSystem::Fault;
  for (const Fault fault : {Fault::kRefused, Fault::kUntold, Fault::kCrash, Fault::kCrashBehind}) {
    for (std::uint64_t at = 1;; ++at) {
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at " +
                   std::to_string(at));
      FaultyFileSystem files;
      ASSERT_TRUE(writeLabel(files, "/s", "first"));
      ASSERT_TRUE(writeLabel(files, "/s", "old"));
      files.plan(at, fault);
      const Status written = writeLabel(files, "/s", "new");
      if (!files.struck()) {
        ASSERT_TRUE(written);
        ASSERT_GT(at, 3U);
        break;
      }
      if (fault == Fault::kCrash || fault == Fault::kCrashBehind) {
        files.restart(~std::uint64_t{0});
      }
      const auto label = readLabel(files, "/s");
      ASSERT_TRUE(label) << label.error().text();
      EXPECT_TRUE(*label == "new" || (*label == "old" && !written)) << *label;
      EXPECT_TRUE(removeLabel(files, "/s"));
      EXPECT_EQ(*readLabel(files, "/s"), "");
    }
  }
}

TEST_F(LabelFileTest, ARemovalThatWasCutShortBringsNoOlderOneBack) {
  using fs::testing::FaultyFileSystem;
  for (std::uint64_t at = 1;; ++at) {
    FaultyFileSystem files;
    ASSERT_TRUE(writeLabel(files, "/s", "old"));
    files.plan(3, FaultyFileSystem::Fault::kRefused);  // The removal of the old one.
    ASSERT_FALSE(writeLabel(files, "/s", "new"));
    files.plan(at, FaultyFileSystem::Fault::kCrash);
    const Status removed = removeLabel(files, "/s");
    if (!files.struck()) {
      ASSERT_TRUE(removed);
      break;
    }
    files.restart(at % 4);
    EXPECT_NE(*readLabel(files, "/s"), "old") << at;
  }
}

}  // namespace
}  // namespace weir::snapshot
