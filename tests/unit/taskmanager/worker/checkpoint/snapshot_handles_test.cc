// Snapshots with state handles of users' own making; the other half of snapshot_store_test.cc.

#include <atomic>
#include <latch>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/state/operator_state.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"

namespace weir::worker {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

/// A string as handle; written when the test lets it.
class FrozenHandle final : public state::FrozenState {
 public:
  FrozenHandle(std::string text, std::function<void()> before_write, std::function<void()> discard)
      : text_(std::move(text)),
        before_write_(std::move(before_write)),
        discard_(std::move(discard)) {}
  Status write(state::SectionWriter& to) const override {
    before_write_();
    return state::writeOperatorState(
        to, {state::operatorInfo<std::string>(), {state::encodeElement(text_)}});
  }
  std::function<void()> onAbandoned() const override { return discard_; }

 private:
  std::string text_;
  std::function<void()> before_write_;
  std::function<void()> discard_;
};

class SnapshotHandlesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    runtime::CheckpointStorage storage;
    storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
    storage.directory = "file:/c/job";
    storage.inline_threshold = 0;
    const auto keep = [this](auto report) {
      std::lock_guard lock(mutex_);
      reports_.push_back(std::move(report));
    };
    store_.emplace(
        runtime::ExecutionId(), storage, files_, random_, clock_, keep, SnapshotStore::AckBounds());
  }
  void take(std::uint64_t id, const std::vector<std::string>& handles) {
    Snapshot snapshot;
    snapshot.order.checkpoint = CheckpointId(id);
    for (const std::string& text : handles) {
      FrozenOperator one;
      one.state = std::make_unique<FrozenHandle>(text, before_write_, [this, text] {
        std::lock_guard lock(mutex_);
        discarded_.push_back(text);
        if (text == "bad") {
          throw std::runtime_error("gone");
        }
      });
      snapshot.operators.push_back(std::move(one));
    }
    store_->store(std::move(snapshot));
  }
  /// Ends the threads, having let them do what was begun and queued.
  void settle() { store_->close(); }
  bool acknowledged() {
    waitForReport();
    return std::holds_alternative<runtime::CheckpointAck>(reports_.at(0));
  }
  bool declined() {
    waitForReport();
    return std::holds_alternative<runtime::CheckpointDecline>(reports_.at(0));
  }
  std::size_t discardedCount() {
    std::lock_guard lock(mutex_);
    return discarded_.size();
  }
  void waitForReport() {
    for (;;) {
      {
        std::lock_guard lock(mutex_);
        if (!reports_.empty()) {
          return;
        }
      }
      std::this_thread::yield();
    }
  }

  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  SystemClock clock_;
  std::mutex mutex_;
  std::vector<runtime::WorkerReport> reports_;
  std::vector<std::string> discarded_;
  std::function<void()> before_write_ = [] {};
  std::optional<SnapshotStore> store_;
};

TEST_F(SnapshotHandlesTest, AnAcknowledgedOneKeepsHandlesAndFileWhenItIsAborted) {
  take(1, {"a", "b"});
  ASSERT_TRUE(acknowledged());
  store_->aborted(CheckpointId(1));
  settle();
  EXPECT_THAT(discarded_, IsEmpty());
  EXPECT_THAT(files_.files(), ElementsAre(HasSubstr("/chk-1/")));
}

TEST_F(SnapshotHandlesTest, DiscardsWhatIsTakenForACheckpointThatIsAbortedAlready) {
  store_->aborted(CheckpointId(1));
  take(1, {"a", "b"});
  settle();
  EXPECT_THAT(discarded_, ElementsAre("a", "b"));
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SnapshotHandlesTest, DiscardsWhatIsAbortedWhileItIsWritten) {
  std::latch writes(1);
  std::latch aborted(1);
  before_write_ = [&] {
    writes.count_down();
    aborted.wait();
  };
  take(1, {"a"});
  writes.wait();
  store_->aborted(CheckpointId(1));
  aborted.count_down();
  settle();
  EXPECT_THAT(discarded_, ElementsAre("a"));
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SnapshotHandlesTest, DiscardsWhatTheDiskRefuses) {
  files_.limitBytes(1);
  take(1, {"a"});
  EXPECT_TRUE(declined());
  settle();
  EXPECT_THAT(discarded_, ElementsAre("a"));
}

TEST_F(SnapshotHandlesTest, DiscardsAllWhenOneIsNotSerialized) {
  before_write_ = [] { throw std::runtime_error("no bytes"); };
  take(1, {"a", "b"});
  EXPECT_TRUE(declined());
  settle();
  EXPECT_THAT(discarded_, ElementsAre("a", "b"));
}

TEST_F(SnapshotHandlesTest, DiscardsTheOthersThoughOneThrows) {
  store_->aborted(CheckpointId(1));
  take(1, {"bad", "b"});
  settle();
  EXPECT_THAT(discarded_, ElementsAre("bad", "b"));
}

TEST_F(SnapshotHandlesTest, DiscardsOnCloseWhatIsWrittenAndWhatIsQueued) {
  std::latch both_write(2);
  std::latch closing(1);
  std::atomic<bool> counts = true;
  before_write_ = [&] {
    if (counts) {
      both_write.count_down();
    }
    closing.wait();
  };
  take(1, {"a"});
  take(2, {"b"});
  both_write.wait();
  counts = false;
  take(3, {"queued"});
  std::thread closer([this] { settle(); });
  // Accepted no more once it is closing; what was refused is discarded too.
  for (std::uint64_t id = 4; discardedCount() == 0; ++id) {
    take(id, {"refused"});
    std::this_thread::yield();
  }
  closing.count_down();
  closer.join();
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(files_.files(), IsEmpty());
  std::erase(discarded_, "refused");
  EXPECT_THAT(discarded_, UnorderedElementsAre("a", "b", "queued"));
}

}  // namespace
}  // namespace weir::worker
