#include "taskmanager/daemon/blobcache/blob_cache.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/fs/digest.h"

namespace weir::taskmanager {
namespace {

using ::testing::HasSubstr;

/// Hands out what the test put in, 10 bytes at a time.
class FakeTransport final : public BlobTransport {
 public:
  Status fetch(const std::string& key, std::uint64_t length, const Sink& sink) override {
    ++fetches;
    std::this_thread::sleep_for(delay);
    const auto found = blobs.find(key);
    if (found == blobs.end()) {
      return Error(ErrorCode::kNotFound, "no blob " + key);
    }
    const std::string_view bytes(found->second);
    const std::string_view asked = bytes.substr(0, length == 0 ? bytes.size() : length);
    for (std::size_t at = 0; at < asked.size(); at += 10) {
      WEIR_RETURN_IF_ERROR(sink(asked.substr(at, 10)));
    }
    return ok();
  }
  Result<std::string> putState(const JobId& /*job*/, std::string_view /*bytes*/) override {
    return Error(ErrorCode::kInternal, "not used here");
  }

  std::map<std::string, std::string> blobs;
  std::atomic<int> fetches = 0;
  std::chrono::milliseconds delay{0};
};

class FakeClock final : public Clock {
 public:
  SteadyTime now() const override { return SteadyTime(std::chrono::seconds(++seconds_)); }
  WallTime wallNow() const override { return {}; }

 private:
  mutable std::atomic<int> seconds_ = 0;
};

std::string contentOf(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class BlobCacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "/blob_cache_" + std::to_string(::getpid());
    std::filesystem::remove_all(directory_);
    cache_ = *BlobCache::open(directory_, 100, transport_, clock_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  runtime::BlobKey blob(const std::string& content) {
    runtime::BlobKey key{fs::sha256(content), content.size()};
    transport_.blobs[key.sha256] = content;
    return key;
  }
  std::size_t files() const {
    const std::filesystem::directory_iterator entries(directory_);
    return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
  }

  const JobId job_{Bytes16{1}};
  const JobId other_{Bytes16{2}};
  std::string directory_;
  FakeTransport transport_;
  FakeClock clock_;
  std::unique_ptr<BlobCache> cache_;
};

TEST_F(BlobCacheTest, GivesAnExecutableFileWithTheContent) {
  const auto path = cache_->get(blob("a program of more than ten bytes"), job_);
  ASSERT_TRUE(path) << path.error().text();
  EXPECT_EQ(contentOf(*path), "a program of more than ten bytes");
  struct stat info{};
  ASSERT_EQ(::stat(path->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0755U);
}

TEST_F(BlobCacheTest, FetchesOnceForAllJobs) {
  const auto key = blob("content");
  ASSERT_TRUE(cache_->get(key, job_));
  ASSERT_TRUE(cache_->get(key, other_));
  EXPECT_EQ(transport_.fetches, 1);
}

TEST_F(BlobCacheTest, FetchesAgainWhatACleanerHasDeletedOrAltered) {
  const auto key = blob("content");
  const std::string path = *cache_->get(key, job_);
  std::filesystem::remove(path);
  EXPECT_EQ(contentOf(*cache_->get(key, other_)), "content");
  EXPECT_EQ(transport_.fetches, 2);
  std::ofstream(path) << "CONTENT";
  EXPECT_EQ(contentOf(*cache_->get(key, job_)), "content");
  EXPECT_EQ(transport_.fetches, 3);
  std::filesystem::remove_all(directory_);
  EXPECT_EQ(contentOf(*cache_->get(key, job_)), "content");
}

TEST_F(BlobCacheTest, MakesAFileExecutableAgain) {
  const auto key = blob("content");
  const std::string path = *cache_->get(key, job_);
  ::chmod(path.c_str(), 0644);
  ASSERT_TRUE(cache_->get(key, job_));
  EXPECT_EQ(::access(path.c_str(), X_OK), 0);
  EXPECT_EQ(transport_.fetches, 1);
}

TEST_F(BlobCacheTest, SharesOneDownloadBetweenConcurrentRequests) {
  const auto key = blob("content");
  transport_.delay = std::chrono::milliseconds(50);
  std::vector<std::jthread> threads;
  std::atomic<int> served = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { served += cache_->get(key, job_).has_value() ? 1 : 0; });
  }
  threads.clear();
  EXPECT_EQ(served, 4);
  EXPECT_EQ(transport_.fetches, 1);
}

TEST_F(BlobCacheTest, RefusesOtherContentAndKeepsNothing) {
  const auto key = blob("content");
  transport_.blobs[key.sha256] = "cOntent";
  const auto path = cache_->get(key, job_);
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(files(), 0U);
}

TEST_F(BlobCacheTest, RefusesAnotherSize) {
  auto key = blob("a content of twenty..");
  key.size = 12;
  EXPECT_THAT(cache_->get(key, job_).error().message(), HasSubstr("is longer than the 12 bytes"));
  key.size = 30;
  EXPECT_THAT(cache_->get(key, job_).error().message(), HasSubstr("instead of 30"));
}

TEST_F(BlobCacheTest, TriesAgainAfterAFailure) {
  const auto key = blob("content");
  const std::string content = std::exchange(transport_.blobs[key.sha256], "x");
  ASSERT_FALSE(cache_->get(key, job_));
  transport_.blobs[key.sha256] = content;
  EXPECT_TRUE(cache_->get(key, job_));
}

TEST_F(BlobCacheTest, DropsTheLeastRecentlyUsedThatNoJobRetains) {
  const auto first = blob(std::string(60, 'a'));
  const auto second = blob(std::string(60, 'b'));
  ASSERT_TRUE(cache_->get(first, job_));
  ASSERT_TRUE(cache_->get(second, job_));
  EXPECT_EQ(cache_->size(), 120U);  // Retained: above the bound of 100.
  cache_->release(job_);
  EXPECT_EQ(cache_->size(), 60U);
  ASSERT_TRUE(cache_->get(second, job_));
  EXPECT_EQ(transport_.fetches, 2);
}

TEST_F(BlobCacheTest, KeepsWhatAnotherJobRetains) {
  const auto key = blob(std::string(200, 'a'));
  ASSERT_TRUE(cache_->get(key, job_));
  ASSERT_TRUE(cache_->get(key, other_));
  cache_->release(job_);
  EXPECT_EQ(files(), 1U);
  cache_->release(other_);
  EXPECT_EQ(files(), 0U);
}

TEST_F(BlobCacheTest, DropsWhatWasNotUsedForLong) {
  ASSERT_TRUE(cache_->get(blob("content"), job_));
  cache_->release(job_);
  cache_->dropUnusedSince(SteadyTime(std::chrono::seconds(0)));
  EXPECT_EQ(files(), 1U);
  cache_->dropUnusedSince(clock_.now());
  EXPECT_EQ(files(), 0U);
}

TEST_F(BlobCacheTest, RefusesAKeyThatCouldLeaveTheDirectory) {
  EXPECT_EQ(cache_->get({"../../etc/passwd", 1}, job_).error().code(), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace weir::taskmanager
