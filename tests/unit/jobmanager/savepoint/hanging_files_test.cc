// A file system that hangs holds up whoever asked for it, and nobody else.

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/elastic_pool.h"
#include "common/concurrency/thread_executor.h"
#include "common/fs/memory_file_system.h"
#include "common/snapshot/metadata_file.h"
#include "jobmanager/savepoint/savepoint_store.h"
#include "tests/unit/common/fs/hanging_file_system.h"
#include "tests/unit/jobmanager/fake_discarder.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class NobodyOwns final : public SavepointOwners {
 public:
  bool releaseSavepoint(JobId /*job*/, CheckpointId /*id*/) override { return false; }
  bool ownsCheckpoint(JobId /*job*/, CheckpointId /*id*/) const override { return false; }
  bool isRunning(JobId /*job*/) const override { return false; }
  bool isReading(JobId /*job*/) const override { return false; }
  std::shared_ptr<const runtime::JobProgram> programOf(JobId /*job*/) const override {
    return nullptr;
  }
};

/// A thread whose timers fire when a test says so, however long that takes.
class HandTimers final : public concurrency::Executor {
 public:
  void post(Task task) override { thread_.post(std::move(task)); }
  std::unique_ptr<Timer> schedule(Duration /*delay*/, Task task) override {
    auto armed = std::make_shared<Task>(std::move(task));
    armed_.push_back(armed);
    return std::make_unique<Armed>(std::move(armed));
  }
  /// Fires all that are armed. From another thread.
  void fire() {
    thread_.runSync([this] {
      for (const std::weak_ptr<Task>& one : std::exchange(armed_, {})) {
        if (const std::shared_ptr<Task> task = one.lock()) {
          (*task)();
        }
      }
    });
  }
  concurrency::ThreadExecutor& thread() { return thread_; }

 private:
  struct Armed final : Timer {
    explicit Armed(std::shared_ptr<Task> task) : task(std::move(task)) {}
    std::shared_ptr<Task> task;  // Gone with the timer.
  };

  std::vector<std::weak_ptr<Task>> armed_;  // Touched on the thread.
  concurrency::ThreadExecutor thread_{"strand"};
};

class HangingFilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    strand_.thread().runSync([this] {
      savepoints_ = std::make_unique<SavepointStore>(
          CheckpointServices{strand_, io_, clock_, files_, blobs_, discarder_, {20s, 10}},
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
    strand_.thread().runSync([this] { savepoints_.reset(); });
    strand_.thread().shutdown();
  }
  static runtime::CheckpointMetadata metadata() {
    runtime::CheckpointMetadata metadata;
    metadata.job = testing::jobId(1);
    metadata.savepoint = true;
    return metadata;
  }
  /// Of the sentence that an operation ends with.
  template <typename Call>
  std::future<std::string> begin(Call call) {
    auto said = std::make_shared<std::promise<std::string>>();  // With a late answer.
    strand_.post([call, said] {
      call([said](const auto& result) { said->set_value(result ? "ok" : result.error().text()); });
    });
    return said->get_future();
  }
  /// The sentence that an operation ends with. Where it `hangs`, time passes until it does.
  template <typename Call>
  std::string answer(bool hangs, Call call) {
    std::future<std::string> sentence = begin(call);
    while (hangs && sentence.wait_for(1ms) != std::future_status::ready) {
      strand_.fire();
    }
    return sentence.get();
  }
  static bool isHung(const std::string& path) { return path.starts_with("/hung"); }
  std::string open(const std::string& path) {
    return answer(isHung(path), [&](auto done) { savepoints_->open(path, done); });
  }
  std::string keep(const std::string& directory) {
    return answer(isHung(directory), [&](auto done) {
      savepoints_->keep(savepoints_->placeIn(directory), metadata(), nullptr, done);
    });
  }
  std::future<std::string> disposal(const std::string& path) {
    return begin([this, path](auto done) {
      runtime::DisposeRequest request;
      request.path = path;
      savepoints_->dispose(std::move(request), done);
    });
  }

  SystemClock clock_;
  fs::testing::HangingFileSystem files_;
  SeededRandom random_{1};
  HandTimers strand_;
  concurrency::ElasticPool io_{"files", 4};
  blob::BlobStore store_{files_, "/blobs", clock_, random_};
  StateBlobs blobs_{store_};
  testing::FakeDiscarder discarder_;
  NobodyOwns owners_;
  std::unique_ptr<SavepointStore> savepoints_;
};

TEST_F(HangingFilesTest, APathThatHangsHoldsUpNoOther) {
  ASSERT_TRUE(snapshot::writeMetadata(files_.memory(), "/s/savepoint-1", metadata()));
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

TEST_F(HangingFilesTest, ADisposalThatWasGivenUpCanBeRepeated) {
  ASSERT_TRUE(snapshot::writeMetadata(files_.memory(), "/hung/savepoint-1", metadata()));
  std::future<std::string> disposed = disposal("/hung/savepoint-1");
  while (disposed.wait_for(1ms) != std::future_status::ready) {
    strand_.fire();
  }
  EXPECT_THAT(disposed.get(), HasSubstr("on /hung/savepoint-1 hangs"));
  files_.letGo();
  std::string answer;
  do {  // Whoever comes before the one that hung is back is told so at once.
    std::this_thread::sleep_for(1ms);
    answer = disposal("/hung/savepoint-1").get();
  } while (answer.find("hang") != std::string::npos || answer.find("wait") != std::string::npos);
  EXPECT_EQ(answer, "ok");
  EXPECT_THAT(files_.memory().files(), IsEmpty());
}

TEST_F(HangingFilesTest, ASlowDisposalHoldsUpNobodyAndEnds) {
  ASSERT_TRUE(snapshot::writeMetadata(files_.memory(), "/s/savepoint-1", metadata()));
  ASSERT_TRUE(snapshot::writeMetadata(files_.memory(), "/hung/savepoint-1", metadata()));
  std::future<std::string> disposed = disposal("/hung/savepoint-1");
  int calls = 0;
  for (; disposed.wait_for(1ms) != std::future_status::ready; ++calls) {
    ASSERT_EQ(open("/s/savepoint-1"), "ok");
    files_.letOnePass();
  }
  EXPECT_EQ(disposed.get(), "ok");
  EXPECT_GT(calls, 3);
  EXPECT_EQ(files_.memory().files().size(), 1U);
}

TEST_F(HangingFilesTest, ASavepointOnASlowDiskHoldsUpNobodyAndIsWhole) {
  ASSERT_TRUE(snapshot::writeMetadata(files_.memory(), "/s/savepoint-1", metadata()));
  std::string path;
  std::future<std::string> kept = begin([&](auto done) {
    savepoints_->keep("/hung/s", metadata(), nullptr, [&path, done](Result<KeptSavepoint> written) {
      path = written ? written->result.path : "";
      done(written);
    });
  });
  for (; kept.wait_for(1ms) != std::future_status::ready;) {
    ASSERT_EQ(open("/s/savepoint-1"), "ok");
    files_.letOnePass();
  }
  EXPECT_EQ(kept.get(), "ok");
  files_.letGo();
  EXPECT_EQ(open(path), "ok");
}

}  // namespace
}  // namespace weir::jobmanager
