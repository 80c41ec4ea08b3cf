#pragma once

#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/file_system.h"
#include "tests/unit/common/fs/patterned.h"

/// What every file system promises, for each to be tested against: include this, and instantiate
/// FileSystemSuite.
namespace weir::fs::testing {

/// A file system under test, with an empty directory of its own that goes with it.
struct Subject {
  std::unique_ptr<FileSystem> files;
  std::string directory;           ///< As a path of that file system.
  std::string uri;                 ///< The same with its scheme.
  bool only_one_wins = true;       ///< Of several who create the same name at once.
  bool keeps_what_is_open = true;  ///< A reader outlives the name that it was opened by.
};

using MakeSubject = std::function<Subject()>;

class FileSystemSuite : public ::testing::TestWithParam<MakeSubject> {
 protected:
  FileSystemSuite() : subject_(GetParam()()) {
    EXPECT_TRUE(files().makeDirectories(subject_.directory).has_value());
  }
  ~FileSystemSuite() override { EXPECT_TRUE(files().removeAll(subject_.directory).has_value()); }

  FileSystem& files() { return *subject_.files; }
  const std::string& directory() const { return subject_.directory; }
  std::string path(const std::string& name) const { return subject_.directory + "/" + name; }
  std::string uri(const std::string& name) const { return subject_.uri + "/" + name; }
  std::vector<std::string> names(const std::string& directory) {
    std::vector<std::string> result;
    const auto entries = files().list(directory);
    if (entries.has_value()) {
      std::ranges::transform(*entries, std::back_inserter(result), &FileInfo::name);
    }
    return result;
  }

  Subject subject_;
};

TEST_P(FileSystemSuite, WhatIsCommittedIsReadBack) {
  ASSERT_TRUE(writeAll(files(), uri("a/b/c"), "hello").has_value());
  EXPECT_EQ(*readAll(files(), path("a/b/c")), "hello");
  const auto reader = files().open(path("a/b/c"));
  EXPECT_EQ(*(*reader)->read(1, 3), "ell");
  EXPECT_EQ((*reader)->read(3, 3).error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(files().stat(path("a/b/c"))->size, 5U);
  EXPECT_GT(files().stat(path("a/b/c"))->modified_millis, 0);
}

TEST_P(FileSystemSuite, AnEmptyFileIsAFile) {
  ASSERT_TRUE(writeAll(files(), path("a"), "").has_value());
  EXPECT_EQ(*readAll(files(), path("a")), "");
  EXPECT_TRUE(files().stat(path("a"))->regular);
}

TEST_P(FileSystemSuite, ALargeFileIsReadBackInPiecesAndInJumps) {
  const std::string bytes = patterned((std::size_t{40} << 20) + 12345);
  {
    auto writer = files().create(path("large"));
    for (std::size_t at = 0; at < bytes.size(); at += 1000000) {
      ASSERT_TRUE((*writer)->append(std::string_view(bytes).substr(at, 1000000)).has_value());
    }
    EXPECT_THAT(names(directory()), ::testing::IsEmpty());
    const Status committed = (*writer)->commit();
    ASSERT_TRUE(committed.has_value()) << committed.error().text();
  }
  const auto reader = files().open(path("large"));
  ASSERT_EQ((*reader)->size(), bytes.size());
  std::string read;
  while (read.size() < bytes.size()) {
    const auto piece =
        (*reader)->read(read.size(), std::min<std::size_t>(700001, bytes.size() - read.size()));
    ASSERT_TRUE(piece.has_value()) << piece.error().text();
    read += *piece;
  }
  EXPECT_TRUE(read == bytes);
  for (const std::size_t at : {std::size_t{39} << 20, std::size_t{5}, std::size_t{17} << 20}) {
    EXPECT_TRUE(*(*reader)->read(at, 100) == bytes.substr(at, 100));
  }
  EXPECT_TRUE(*(*reader)->read(1, bytes.size() - 1) == bytes.substr(1));
  EXPECT_THAT(names(directory()), ::testing::ElementsAre("large"));
}

TEST_P(FileSystemSuite, AFileIsInvisibleUntilCommitted) {
  auto writer = files().create(path("a"));
  ASSERT_TRUE((*writer)->append("x").has_value());
  EXPECT_THAT(names(directory()), ::testing::IsEmpty());
  ASSERT_TRUE((*writer)->commit().has_value());
  EXPECT_THAT(names(directory()), ::testing::ElementsAre("a"));
}

TEST_P(FileSystemSuite, AnAbandonedFileLeavesNothing) {
  const std::string bytes(std::size_t{20} << 20, 'x');
  {
    auto writer = files().create(path("d/a"));
    ASSERT_TRUE((*writer)->append(bytes).has_value());
  }
  EXPECT_EQ(files().open(path("d/a")).error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(names(path("d")), ::testing::IsEmpty());
  EXPECT_TRUE(files().removeDirectory(path("d")).has_value());
}

TEST_P(FileSystemSuite, AnExistingFileIsNeverReplaced) {
  ASSERT_TRUE(writeAll(files(), path("a"), "first").has_value());
  EXPECT_EQ(writeAll(files(), path("a"), "second").error().code(), ErrorCode::kFailedPrecondition);
  const std::string large(std::size_t{20} << 20, 'x');
  EXPECT_EQ(writeAll(files(), path("a"), large).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(*readAll(files(), path("a")), "first");
  EXPECT_THAT(names(directory()), ::testing::ElementsAre("a"));
}

TEST_P(FileSystemSuite, OfManyWhoWriteOneNameOneSucceeds) {
  constexpr int kWriters = 6;
  std::vector<int> succeeded(kWriters, 0);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([this, i, &succeeded] {
        const Status written = writeAll(files(), path("a"), std::to_string(i));
        succeeded[static_cast<std::size_t>(i)] = written.has_value() ? 1 : 0;
        if (!written) {
          EXPECT_EQ(written.error().code(), ErrorCode::kFailedPrecondition)
              << written.error().text();
        }
      });
    }
  }
  const auto winners = std::ranges::count(succeeded, 1);
  EXPECT_GE(winners, 1);
  if (subject_.only_one_wins) {
    EXPECT_EQ(winners, 1);
  }
  const std::string winner = *readAll(files(), path("a"));
  EXPECT_EQ(succeeded.at(static_cast<std::size_t>(std::stoi(winner))), 1);
}

TEST_P(FileSystemSuite, ListsByNameWithDirectories) {
  ASSERT_TRUE(writeAll(files(), path("b"), "12").has_value());
  ASSERT_TRUE(writeAll(files(), path("a/x"), "").has_value());
  const auto entries = files().list(directory());
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ((*entries)[0].name, "a");
  EXPECT_TRUE((*entries)[0].directory);
  EXPECT_FALSE((*entries)[0].regular);
  EXPECT_FALSE((*entries)[1].directory);
  EXPECT_TRUE((*entries)[1].regular);
  EXPECT_EQ((*entries)[1].size, 2U);
  EXPECT_EQ((*entries)[1].identity, files().stat(path("b"))->identity);
  EXPECT_EQ(files().list(path("none")).error().code(), ErrorCode::kNotFound);
}

TEST_P(FileSystemSuite, ADirectoryThatWasMadeIsThereWithoutFiles) {
  const Status made = files().makeDirectories(path("d/e"));
  ASSERT_TRUE(made.has_value()) << made.error().text();
  const Status again = files().makeDirectories(path("d/e"));
  ASSERT_TRUE(again.has_value()) << again.error().text();
  EXPECT_TRUE(files().stat(path("d/e"))->directory);
  EXPECT_TRUE(files().list(path("d/e")).has_value());
  EXPECT_THAT(names(path("d")), ::testing::ElementsAre("e"));
  EXPECT_TRUE(files().removeDirectory(path("d/e")).has_value());
  EXPECT_EQ(files().stat(path("d/e")).error().code(), ErrorCode::kNotFound);
}

TEST_P(FileSystemSuite, RemovesOnlyWhatIsEmptyUnlessToldOtherwise) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  EXPECT_EQ(files().remove(path("d")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(files().remove(path("d/a")).has_value());
  EXPECT_TRUE(files().remove(path("d/a")).has_value());
  EXPECT_TRUE(files().remove(path("d")).has_value());
  ASSERT_TRUE(writeAll(files(), path("e/f/a"), "x").has_value());
  EXPECT_TRUE(files().removeAll(path("e")).has_value());
  EXPECT_TRUE(files().removeAll(path("e")).has_value());
  EXPECT_THAT(names(directory()), ::testing::IsEmpty());
}

TEST_P(FileSystemSuite, RemovesAFileButNoDirectoryAsAFile) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  EXPECT_EQ(files().removeFile(path("d")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(files().removeDirectory(path("d/a")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_EQ(files().removeDirectory(path("d")).error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_TRUE(files().removeFile(path("d/a")).has_value());
  EXPECT_TRUE(files().removeFile(path("d/a")).has_value());
  EXPECT_TRUE(files().removeFile(path("none/a")).has_value());
  EXPECT_TRUE(files().removeDirectory(path("d")).has_value());
  EXPECT_TRUE(files().removeDirectory(path("d")).has_value());
  EXPECT_TRUE(removeDurably(files(), path("d/a")).has_value());
  EXPECT_THAT(names(directory()), ::testing::IsEmpty());
}

TEST_P(FileSystemSuite, OneThingHasOneIdentity) {
  ASSERT_TRUE(writeAll(files(), path("d/a"), "x").has_value());
  EXPECT_EQ(files().stat(path("d"))->identity, files().stat(uri("d/../d/"))->identity);
  EXPECT_NE(files().stat(path("d"))->identity, files().stat(path("d/a"))->identity);
  EXPECT_TRUE(files().stat(path("d/a"))->regular);
  EXPECT_FALSE(files().stat(path("d"))->regular);
}

TEST_P(FileSystemSuite, AReaderReadsWhatItHasOpenedOrNothing) {
  ASSERT_TRUE(writeAll(files(), path("a"), "kept").has_value());
  const auto reader = files().open(path("a"));
  ASSERT_TRUE(files().remove(path("a")).has_value());
  const auto read = (*reader)->read(0, 4);
  if (subject_.keeps_what_is_open) {
    EXPECT_EQ(*read, "kept");
  } else {
    EXPECT_EQ(read.error().code(), ErrorCode::kNotFound);
  }
}

TEST_P(FileSystemSuite, NamesMayHoldWhateverTextHolds) {
  const std::vector<std::string> odd{" a b ",
                                     "100%",
                                     "%41",
                                     "a+b",
                                     "a&b=c?d#e",
                                     "näm€-日本語-😀",
                                     "a'b\"c",
                                     "(x)[y]{z}",
                                     "a;b,c@d",
                                     "!$*~`^|",
                                     "...",
                                     "<a>&amp;"};
  for (const std::string& name : odd) {
    const Status written = writeAll(files(), path("odd/" + name), name);
    ASSERT_TRUE(written.has_value()) << name << ": " << written.error().text();
    EXPECT_EQ(*readAll(files(), path("odd/" + name)), name);
    EXPECT_TRUE(files().stat(path("odd/" + name))->regular) << name;
  }
  EXPECT_THAT(names(path("odd")), ::testing::UnorderedElementsAreArray(odd));
  for (const std::string& name : odd) {
    ASSERT_TRUE(writeAll(files(), path("odd-" + name + "/x"), name).has_value()) << name;
    EXPECT_THAT(names(path("odd-" + name)), ::testing::ElementsAre("x"));
    EXPECT_TRUE(files().removeFile(path("odd/" + name)).has_value());
  }
  EXPECT_THAT(names(path("odd")), ::testing::IsEmpty());
}

TEST_P(FileSystemSuite, APathMayHaveAThousandCharacters) {
  constexpr std::size_t kLong = 1000;
  constexpr std::size_t kName = 230;  // Leaves room for what a temporary name adds.
  std::string below(kName, 'n');
  while (path(below).size() + kName + 1 < kLong) {
    below += "/" + std::string(kName, 'n');
  }
  below += "/" + std::string(kLong - path(below).size() - 1, 'm');
  const Status written = writeAll(files(), path(below), "x");
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(*readAll(files(), path(below)), "x");
}

TEST_P(FileSystemSuite, PathsOfOtherSchemesAreRefused) {
  EXPECT_EQ(files().create("other://nn/a").error().code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(files().open("relative").error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace weir::fs::testing
