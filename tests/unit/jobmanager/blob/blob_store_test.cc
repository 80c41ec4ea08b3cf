#include "jobmanager/blob/blob_store.h"

#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "tests/unit/jobmanager/blob/manual_clock.h"

namespace weir::blob {
namespace {

class BlobStoreTest : public ::testing::Test {
 protected:
  static runtime::BlobKey keyOf(const std::string& bytes) {
    return {fs::sha256(bytes), bytes.size()};
  }
  Status put(const std::string& bytes) {
    WEIR_TRY(auto upload, store().put(keyOf(bytes)));
    WEIR_RETURN_IF_ERROR(upload->append(bytes.substr(0, 2)));
    WEIR_RETURN_IF_ERROR(upload->append(bytes.substr(2)));
    return upload->finish();
  }
  /// Lets the lease of everything end and makes the store look.
  void letLeasesEnd() {
    clock_.elapsed += BlobStore::kLease + std::chrono::seconds(1);
    store().release(JobId());
  }
  BlobStore& store() { return *store_; }

  fs::MemoryFileSystem files_;
  ManualClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<BlobStore> store_ =
      std::make_unique<BlobStore>(files_, "/blobs", clock_, random_);
  const JobId job_ = JobId::random(random_);
};

TEST_F(BlobStoreTest, GivesBackRangesOfWhatWasPut) {
  ASSERT_TRUE(put("hello").has_value());
  EXPECT_TRUE(store().has(keyOf("hello")));
  const auto reader = store().open(keyOf("hello").sha256);
  ASSERT_TRUE(reader.has_value());
  EXPECT_EQ((*reader)->size(), 5U);
  EXPECT_EQ(*(*reader)->read(1, 3), "ell");
}

TEST_F(BlobStoreTest, AdoptsTheFilesOfTheOneBeforeItAndKeepsThemAtItsEnd) {
  ASSERT_TRUE(store().adopt().has_value());
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(fs::writeAll(files_, "/blobs/" + fs::sha256("x"), "no name of ours").has_value());
  store_ = std::make_unique<BlobStore>(files_, "/blobs", clock_, random_);
  EXPECT_FALSE(store().has(keyOf("hello")));
  ASSERT_TRUE(store().adopt().has_value());
  EXPECT_TRUE(store().retain(job_, {keyOf("hello")}).has_value());
  EXPECT_FALSE(store().has(keyOf("x")));
  letLeasesEnd();
  EXPECT_EQ(*(*store().open(keyOf("hello").sha256))->read(0, 5), "hello");
}

TEST_F(BlobStoreTest, LetsGoOfAdoptedFilesThatNoJobNeeds) {
  ASSERT_TRUE(store().adopt().has_value());
  ASSERT_TRUE(put("hello").has_value());
  store_ = std::make_unique<BlobStore>(files_, "/blobs", clock_, random_);
  ASSERT_TRUE(store().adopt().has_value());
  letLeasesEnd();
  EXPECT_TRUE(files_.files().empty());
}

TEST_F(BlobStoreTest, NoticesAnAdoptedFileWhoseContentIsAnothers) {
  ASSERT_TRUE(fs::writeAll(files_, "/blobs/" + keyOf("hello").sha256 + "-01234567", "hallo"));
  ASSERT_TRUE(store().adopt().has_value());
  ASSERT_TRUE(store().has(keyOf("hello")));
  EXPECT_FALSE((*store().open(keyOf("hello").sha256))->read(0, 5).has_value());
  EXPECT_FALSE(store().has(keyOf("hello")));
}

TEST_F(BlobStoreTest, OtherBytesThanAnnouncedAreRefusedAndLeaveNothing) {
  {
    auto upload = store().put(keyOf("hello"));
    ASSERT_TRUE((*upload)->append("hallo").has_value());
    const Status finished = (*upload)->finish();
    ASSERT_FALSE(finished.has_value());
    EXPECT_EQ(finished.error().code(), ErrorCode::kCorruption);
    EXPECT_FALSE((*store().put(keyOf("hello")))->append("hello!").has_value());
  }
  EXPECT_FALSE(store().has(keyOf("hello")));
  EXPECT_TRUE(files_.files().empty());
}

TEST_F(BlobStoreTest, AFileStaysWhileAJobRetainsItAndGoesAfterwards) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(store().retain(job_, {keyOf("hello")}).has_value());
  letLeasesEnd();
  EXPECT_TRUE(store().open(keyOf("hello").sha256).has_value());
  store().release(job_);
  EXPECT_FALSE(store().open(keyOf("hello").sha256).has_value());
  EXPECT_TRUE(files_.files().empty());
}

TEST_F(BlobStoreTest, AFileThatNobodySubmitsGoesWithItsLease) {
  ASSERT_TRUE(put("hello").has_value());
  clock_.elapsed += BlobStore::kLease - std::chrono::seconds(1);
  EXPECT_TRUE(store().has(keyOf("hello")));  // Renews the lease.
  clock_.elapsed += std::chrono::seconds(2);
  store().release(JobId());
  EXPECT_TRUE(store().has(keyOf("hello")));
  letLeasesEnd();
  EXPECT_FALSE(store().has(keyOf("hello")));
}

TEST_F(BlobStoreTest, EqualFilesAreKeptOnce) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(put("hello").has_value());
  EXPECT_EQ(files_.files().size(), 1U);
}

TEST_F(BlobStoreTest, RetainingWhatIsNotThereNamesIt) {
  const Status retained = store().retain(job_, {keyOf("hello")});
  ASSERT_FALSE(retained.has_value());
  EXPECT_EQ(retained.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(retained.error().text().find(keyOf("hello").sha256), std::string::npos);
}

TEST_F(BlobStoreTest, GivesStateOutLikeFilesAndLetsUploadsOfAnEndedJobGo) {
  auto room = store().state().reserve(job_, 5);
  ASSERT_TRUE(room.has_value());
  const runtime::BlobKey key = store().state().put(job_, "state", *std::move(room));
  const auto reader = store().open(key.sha256);
  ASSERT_TRUE(reader.has_value());
  store().release(job_);
  EXPECT_EQ(store().state().bytes(), 0U);
  EXPECT_EQ(*(*reader)->read(0, 5), "state");
  EXPECT_FALSE(store().open(key.sha256).has_value());
}

TEST_F(BlobStoreTest, AFileThatIsDeletedBelowItIsMissingUntilItIsPutAgain) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(store().retain(job_, {keyOf("hello")}).has_value());
  ASSERT_TRUE(files_.remove(files_.files().front()).has_value());
  EXPECT_FALSE(store().has(keyOf("hello")));
  EXPECT_FALSE(store().retain(JobId::random(random_), {keyOf("hello")}).has_value());
  ASSERT_TRUE(put("hello").has_value());
  EXPECT_TRUE(store().has(keyOf("hello")));
  letLeasesEnd();  // The job still retains it.
  EXPECT_TRUE(store().open(keyOf("hello").sha256).has_value());
}

TEST_F(BlobStoreTest, AnUploadReplacesADeletedFileThatNobodyAskedFor) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(files_.remove(files_.files().front()).has_value());
  ASSERT_TRUE(put("hello").has_value());
  EXPECT_EQ(files_.files().size(), 1U);
  EXPECT_TRUE(store().has(keyOf("hello")));
}

TEST_F(BlobStoreTest, AFileOfAnotherSizeIsMissingAndGoes) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(files_.truncate(files_.files().front(), 3).has_value());
  EXPECT_FALSE(store().has(keyOf("hello")));
  EXPECT_TRUE(files_.files().empty());
}

TEST_F(BlobStoreTest, OtherContentIsNoticedByWhoReadsItAll) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(files_.corrupt(files_.files().front(), "hallo").has_value());
  const auto reader = store().open(keyOf("hello").sha256);
  ASSERT_TRUE(reader.has_value());
  EXPECT_TRUE((*reader)->read(0, 2).has_value());
  const auto rest = (*reader)->read(2, 3);
  ASSERT_FALSE(rest.has_value());
  EXPECT_EQ(rest.error().code(), ErrorCode::kCorruption);
  EXPECT_NE(rest.error().advice().find("submit the program again"), std::string::npos);
  EXPECT_FALSE(store().has(keyOf("hello")));
}

TEST_F(BlobStoreTest, AJobWhoseFileIsGoneIsToldToSubmitAgainAndWhatRemovesFiles) {
  ASSERT_TRUE(put("hello").has_value());
  ASSERT_TRUE(store().retain(job_, {keyOf("hello")}).has_value());
  ASSERT_TRUE(files_.remove(files_.files().front()).has_value());
  for (int ask = 0; ask < 2; ++ask) {  // It is no other error once it is known.
    const auto reader = store().open(keyOf("hello").sha256);
    ASSERT_FALSE(reader.has_value());
    EXPECT_EQ(reader.error().code(), ErrorCode::kNotFound);
    EXPECT_NE(reader.error().message().find("is gone from /blobs"), std::string::npos);
    EXPECT_NE(reader.error().advice().find("submit the program again"), std::string::npos);
    EXPECT_NE(reader.error().advice().find("blob.storage.directory"), std::string::npos);
  }
}

TEST_F(BlobStoreTest, HasItsDirectoryMadeAgainBeforeEachUpload) {
  int made = 0;
  Status answer = ok();
  store_ = std::make_unique<BlobStore>(files_, "/blobs", clock_, random_, [&] {
    ++made;
    return answer;
  });
  EXPECT_TRUE(put("hello").has_value());
  EXPECT_EQ(made, 1);
  answer = Error(ErrorCode::kIo, "no");
  EXPECT_FALSE(put("world").has_value());
}

TEST_F(BlobStoreTest, ItsDirectoryGoesWithIt) {
  ASSERT_TRUE(put("hello").has_value());
  store_.reset();
  EXPECT_TRUE(files_.files().empty());
}

}  // namespace
}  // namespace weir::blob
