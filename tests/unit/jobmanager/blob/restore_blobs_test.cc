#include "jobmanager/blob/restore_blobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "jobmanager/blob/blob_store.h"

namespace weir::blob {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Storage = runtime::SectionHandle::Storage;

class RestoreBlobsTest : public ::testing::Test {
 protected:
  /// One list of sections of 100 bytes, each with bytes of its own.
  static runtime::Restores restores(int sections) {
    runtime::Restores all;
    auto& list = all.lists.emplace_back();
    for (int i = 0; i < sections; ++i) {
      runtime::RestoreSection& one = list.emplace_back();
      one.old_subtask = static_cast<std::uint32_t>(i);
      one.handle.storage = Storage::kInline;
      one.handle.bytes = std::string(100, static_cast<char>('a' + i));
      one.handle.size = 100;
    }
    return all;
  }
  std::string fetch(const runtime::SectionHandle& handle) {
    const auto blob = blobs_.open(handle.location);
    return blob ? *(*blob)->read(handle.offset, handle.size) : blob.error().text();
  }

  fs::MemoryFileSystem files_;
  SystemClock clock_;
  SeededRandom random_{1};
  BlobStore blobs_{files_, "/blobs", clock_, random_};
};

TEST_F(RestoreBlobsTest, UpToTheTotalNothingMoves) {
  auto all = restores(10);
  EXPECT_THAT(offerInline(all, blobs_.offered(), 1000, 250), IsEmpty());
  EXPECT_EQ(all.lists[0][9].handle.storage, Storage::kInline);
  EXPECT_EQ(all.lists[0][9].handle.bytes, std::string(100, 'j'));
}

TEST_F(RestoreBlobsTest, AboveTheTotalEverySectionIsARangeOfABlob) {
  auto all = restores(11);
  const auto offers = offerInline(all, blobs_.offered(), 1000, 250);
  EXPECT_THAT(offers, SizeIs(6));
  for (const runtime::RestoreSection& one : all.lists[0]) {
    EXPECT_EQ(one.handle.storage, Storage::kBlob);
    EXPECT_THAT(one.handle.bytes, IsEmpty());
    EXPECT_EQ(fetch(one.handle), std::string(100, static_cast<char>('a' + one.old_subtask)));
  }
  EXPECT_EQ(all.lists[0][1].handle.location, all.lists[0][0].handle.location);
  EXPECT_EQ(all.lists[0][1].handle.offset, 100U);
}

TEST_F(RestoreBlobsTest, ASectionAboveTheSizeOfABlobIsOneItself) {
  auto all = restores(11);
  const auto offers = offerInline(all, blobs_.offered(), 1000, 10);
  EXPECT_THAT(offers, SizeIs(11));
  EXPECT_EQ(fetch(all.lists[0][10].handle), std::string(100, 'k'));
}

TEST_F(RestoreBlobsTest, TheSameStateGivesTheSameBlobsAndEachAttemptHoldsThem) {
  auto first = restores(11);
  auto second = restores(11);
  auto of_first = offerInline(first, blobs_.offered(), 1000, 250);
  auto of_second = offerInline(second, blobs_.offered(), 1000, 250);
  EXPECT_EQ(first.lists[0][5].handle.location, second.lists[0][5].handle.location);
  of_first.clear();
  EXPECT_EQ(fetch(second.lists[0][5].handle), std::string(100, 'f'));
  of_second.clear();
  EXPECT_FALSE(blobs_.open(second.lists[0][5].handle.location).has_value());
}

TEST_F(RestoreBlobsTest, StateThatLiesElsewhereStays) {
  auto all = restores(11);
  all.lists[0][3].handle = {};
  all.lists[0][3].handle.storage = Storage::kFile;
  all.lists[0][3].handle.location = "file:/chk-1/part";
  const auto offers = offerInline(all, blobs_.offered(), 100, 1000);
  EXPECT_EQ(all.lists[0][3].handle.storage, Storage::kFile);
  EXPECT_EQ(all.lists[0][3].handle.location, "file:/chk-1/part");
}

}  // namespace
}  // namespace weir::blob
