// Every fault of the disk at every operation of what is done to a metadata file.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/snapshot/use_marks.h"
#include "tests/unit/common/fs/faulty_file_system.h"

namespace weir::snapshot {
namespace {

using fs::testing::FaultyFileSystem;
using Fault = FaultyFileSystem::Fault;
constexpr const char* kHere = "/s/savepoint-0123456789ab";

/// What a user can learn of the snapshot.
enum class Seen : std::uint8_t { kWhole, kDisposing, kNone, kDamaged };

Seen seen(fs::FileSystem& files) {
  if (readMetadata(files, kHere)) {
    return Seen::kWhole;
  }
  const auto disposed = readDisposed(files, kHere);
  if (disposed) {
    return Seen::kDisposing;
  }
  return disposed.error().code() == ErrorCode::kNotFound ? Seen::kNone : Seen::kDamaged;
}

runtime::CheckpointMetadata someMetadata() {
  runtime::CheckpointMetadata metadata;
  metadata.job_name = "job";
  return metadata;
}

/// Calls test(files, fault, at) for every fault at every operation that `act` comes to.
template <typename Prepare, typename Act, typename Test>
void everywhere(Prepare prepare, Act act, Test test) {
  for (const Fault fault : {Fault::kRefused, Fault::kUntold, Fault::kCrash, Fault::kCrashBehind}) {
    for (std::uint64_t at = 1;; ++at) {
      FaultyFileSystem files;
      prepare(files);
      files.plan(at, fault);
      const Status done = act(files);
      if (!files.struck()) {
        ASSERT_TRUE(done);
        ASSERT_GT(at, 1U);
        break;
      }
      SCOPED_TRACE("fault " + std::to_string(static_cast<int>(fault)) + " at operation " +
                   std::to_string(at));
      const std::uint64_t ways = std::uint64_t{1} << files.removalsNotSynced();
      if (fault == Fault::kRefused || fault == Fault::kUntold) {
        test(files, done);
        continue;
      }
      ASSERT_LE(ways, 16U);
      files.restart(at % ways);
      test(files, done);
    }
  }
}

void nothing(FaultyFileSystem& /*files*/) {}
void aSnapshot(FaultyFileSystem& files) {
  ASSERT_TRUE(writeMetadata(files, kHere, someMetadata()));
}

TEST(MetadataFaultsTest, AWriteThatWentWrongLeavesAllOrNothing) {
  everywhere(
      nothing,
      [](fs::FileSystem& files) { return writeMetadata(files, kHere, someMetadata()); },
      [](FaultyFileSystem& files, const Status& done) {
        const Seen now = seen(files);
        EXPECT_TRUE(now == Seen::kWhole || now == Seen::kNone);
        EXPECT_TRUE(!done || now == Seen::kWhole);
      });
}

TEST(MetadataFaultsTest, ADisposalThatCouldNotBeginHasChangedNothing) {
  everywhere(
      aSnapshot,
      [](fs::FileSystem& files) { return beginDisposal(files, kHere); },
      [](FaultyFileSystem& files, const Status& done) {
        const Seen now = seen(files);
        EXPECT_TRUE(now == Seen::kWhole || now == Seen::kDisposing);
        EXPECT_TRUE(!done || now == Seen::kDisposing);
        // Whatever it was, it can be done again, and then it has begun.
        EXPECT_TRUE(beginDisposal(files, kHere));
        EXPECT_EQ(seen(files), Seen::kDisposing);
      });
}

TEST(MetadataFaultsTest, ANoteThatHandlesAreDiscardedIsMadeAgainWhateverIsLeftOfIt) {
  everywhere(
      [](FaultyFileSystem& files) {
        aSnapshot(files);
        ASSERT_TRUE(beginDisposal(files, kHere));
      },
      [](fs::FileSystem& files) { return noteHandlesDiscarded(files, kHere); },
      [](FaultyFileSystem& files, const Status& done) {
        const auto noted = areHandlesDiscarded(files, kHere);
        EXPECT_TRUE(noted && (*noted || !done));
        const Status again = noteHandlesDiscarded(files, kHere);
        EXPECT_TRUE(again.has_value()) << (again ? "" : again.error().text());
        EXPECT_TRUE(*areHandlesDiscarded(files, kHere));
      });
}

TEST(MetadataFaultsTest, ARemovalThatWasCutShortIsDoneAgain) {
  everywhere(
      [](FaultyFileSystem& files) {
        aSnapshot(files);
        ASSERT_TRUE(beginDisposal(files, kHere));
      },
      [](fs::FileSystem& files) { return removeMetadata(files, kHere); },
      [](FaultyFileSystem& files, const Status& /*done*/) {
        EXPECT_NE(seen(files), Seen::kDamaged);
        EXPECT_TRUE(removeMetadata(files, kHere));
        EXPECT_EQ(seen(files), Seen::kNone);
      });
}

TEST(MetadataFaultsTest, WhatWasDisposedDoesNotComeBackWithTheMachine) {
  constexpr std::uint64_t kAll = ~std::uint64_t{0};
  FaultyFileSystem files;
  aSnapshot(files);
  ASSERT_TRUE(beginDisposal(files, kHere));
  files.restart(kAll);
  EXPECT_EQ(seen(files), Seen::kDisposing);
  EXPECT_FALSE(files.stat(fs::join(kHere, kMetadata)));
  ASSERT_TRUE(removeMetadata(files, kHere));
  files.restart(kAll);
  EXPECT_EQ(seen(files), Seen::kNone);
}

TEST(MetadataFaultsTest, AMarkThatWasRemovedDoesNotComeBackWithTheMachine) {
  FaultyFileSystem files;
  aSnapshot(files);
  ASSERT_TRUE(writeMark(files, kHere, JobId(), "a process"));
  ASSERT_TRUE(removeMark(files, kHere, JobId()));
  files.restart(~std::uint64_t{0});
  EXPECT_TRUE(jobsUsing(files, kHere)->empty());
}

TEST(MetadataFaultsTest, StateMayComeBackAsNothingNamesIt) {
  FaultyFileSystem files;
  ASSERT_TRUE(fs::writeAll(files, fs::join(kHere, "state-1"), "x"));
  ASSERT_TRUE(files.removeFile(fs::join(kHere, "state-1")));
  EXPECT_EQ(files.removalsNotSynced(), 1U);
}

TEST(MetadataFaultsTest, AMarkChangesHandsWhenAnotherProcessTakesTheJobUp) {
  fs::MemoryFileSystem files;
  for (const char* holder : {"one", "one", "another"}) {
    ASSERT_TRUE(writeMark(files, kHere, JobId(), holder));
    const auto users = jobsUsing(files, kHere);
    ASSERT_TRUE(users && users->size() == 1);
    EXPECT_EQ(users->front().holder, holder);
  }
}

}  // namespace
}  // namespace weir::snapshot
