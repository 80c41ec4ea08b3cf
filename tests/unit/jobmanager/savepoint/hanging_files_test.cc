// A file system that hangs holds up whoever asked for it, and nobody else.

#include <condition_variable>
#include <future>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/elastic_pool.h"
#include "common/concurrency/thread_executor.h"
#include "common/fs/memory_file_system.h"
#include "jobmanager/checkpoint/snapshot_files.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Passes everything on; calls with a path below "/hung" do not come back until told.
class HangingFileSystem final : public fs::FileSystem {
 public:
  Result<std::unique_ptr<fs::FileWriter>> create(const std::string& path) override {
    return through(path).create(path);
  }
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& path) override {
    return through(path).open(path);
  }
  Result<std::unique_ptr<fs::FileReader>> openNoLink(const std::string& path) override {
    return through(path).openNoLink(path);
  }
  Result<std::vector<fs::FileInfo>> list(const std::string& path) override {
    return through(path).list(path);
  }
  Result<fs::FileInfo> stat(const std::string& path) override { return through(path).stat(path); }
  Status makeDirectories(const std::string& path) override {
    return through(path).makeDirectories(path);
  }
  Status remove(const std::string& path) override { return through(path).remove(path); }
  Status removeFile(const std::string& path) override { return through(path).removeFile(path); }
  Status removeDirectory(const std::string& path) override {
    Status removed = through(path).removeDirectory(path);
    const std::lock_guard lock(mutex_);
    ++removed_;
    changed_.notify_all();
    return removed;
  }
  Status removeAll(const std::string& path) override { return through(path).removeAll(path); }

  void letGo() {
    const std::lock_guard lock(mutex_);
    hung_ = false;
    changed_.notify_all();
  }
  void waitForARemovedDirectory() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return removed_ > 0; });
  }
  fs::MemoryFileSystem& memory() { return memory_; }

 private:
  fs::FileSystem& through(const std::string& path) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !hung_ || path.find("/hung") == std::string::npos; });
    return memory_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool hung_ = true;
  int removed_ = 0;
  fs::MemoryFileSystem memory_;
};

class NoOwners final : public SavepointOwners {
 public:
  bool releaseSavepoint(JobId /*job*/, CheckpointId /*id*/) override { return false; }
  bool ownsCheckpoint(JobId /*job*/, CheckpointId /*id*/) const override { return false; }
  bool isRunning(JobId /*job*/) const override { return false; }
  std::shared_ptr<const runtime::JobProgram> programOf(JobId /*job*/) const override {
    return nullptr;
  }
};

class HangingFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    strand_.runSync([this] {
      savepoints_ = std::make_unique<SavepointStore>(
          CheckpointServices{strand_, io_, clock_, files_, blobs_, discarder_, {100ms, 10}},
          random_,
          SavepointStore::Settings{},
          owners_);
    });
  }
  void TearDown() override {
    files_.letGo();
    std::promise<void> settled;
    strand_.post([&] { savepoints_->whenSettled([&] { settled.set_value(); }); });
    settled.get_future().wait();
    io_.shutdown(Duration::max());
    strand_.runSync([this] { savepoints_.reset(); });
    strand_.shutdown();
  }
  static runtime::CheckpointMetadata metadata() {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    metadata.savepoint = true;
    return metadata;
  }
  /// The sentence that an operation ends with.
  template <typename Call>
  std::string answer(Call call) {
    auto said = std::make_shared<std::promise<std::string>>();  // With a late answer.
    strand_.post([&, said] {
      call([said](const auto& result) { said->set_value(result ? "ok" : result.error().text()); });
    });
    return said->get_future().get();
  }
  std::string open(const std::string& path) {
    return answer([&](auto done) { savepoints_->open(path, done); });
  }
  std::string keep(const std::string& directory) {
    return answer([&](auto done) { savepoints_->keep(directory, metadata(), nullptr, done); });
  }

  SystemClock clock_;
  HangingFileSystem files_;
  SeededRandom random_{1};
  concurrency::ThreadExecutor strand_{"strand"};
  concurrency::ElasticPool io_{"files", 4};
  blob::BlobStore store_{files_, "/blobs", clock_, random_};
  StateBlobs blobs_{store_, strand_};
  testing::FakeDiscarder discarder_;
  NoOwners owners_;
  std::unique_ptr<SavepointStore> savepoints_;
};

TEST_F(HangingFilesTest, APathThatHangsHoldsUpNoOther) {
  ASSERT_TRUE(writeMetadata(files_.memory(), "/s/savepoint-1", metadata()));
  for (int i = 0; i < 8; ++i) {  // More than there are threads.
    EXPECT_THAT(open("/hung/savepoint-1"), HasSubstr("on /hung/savepoint-1 hangs"));
  }
  EXPECT_EQ(open("/s/savepoint-1"), "ok");
}

TEST_F(HangingFilesTest, ASavepointThatWasGivenUpIsRemovedOnceItIsWritten) {
  EXPECT_THAT(keep("/hung/s"), HasSubstr("hangs, and was given up"));
  files_.letGo();
  files_.waitForARemovedDirectory();
  EXPECT_THAT(files_.memory().files(), IsEmpty());
}

}  // namespace
}  // namespace weir::jobmanager
