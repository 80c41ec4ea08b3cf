#include "taskmanager/worker/checkpoint/snapshot_store.h"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <latch>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/snapshot/section_opener.h"
#include "common/state/operator_state.h"

namespace weir::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Storage = runtime::SectionHandle::Storage;

/// A single string as state.
class FakeFrozen final : public state::FrozenState {
 public:
  explicit FakeFrozen(std::string text) : text_(std::move(text)) {}
  Status write(state::SectionWriter& to) const override {
    return state::writeOperatorState(
        to, {state::operatorInfo<std::string>(), {state::encodeElement(text_)}});
  }

 private:
  std::string text_;
};

/// State whose writing and end a test sees.
class WatchedFrozen final : public state::FrozenState {
 public:
  WatchedFrozen(std::function<Status(state::SectionWriter&)> write, std::atomic<int>& alive)
      : write_(std::move(write)), alive_(alive) {
    ++alive_;
  }
  ~WatchedFrozen() override { --alive_; }
  Status write(state::SectionWriter& to) const override { return write_(to); }

 private:
  std::function<Status(state::SectionWriter&)> write_;
  std::atomic<int>& alive_;
};

class SnapshotStoreTest : public ::testing::Test {
 protected:
  void open(runtime::CheckpointStorage::Kind kind) {
    runtime::CheckpointStorage storage;
    storage.kind = kind;
    storage.directory = "file:/checkpoints/job";
    storage.inline_threshold = 400;
    storage.max_state_size = 1000;
    store_.emplace(
        execution_,
        storage,
        files_,
        random_,
        clock_,
        [this](auto report) {
          std::lock_guard lock(mutex_);
          reports_.push_back(std::move(report));
          arrived_.notify_all();
        },
        bounds_);
  }
  void take(std::uint64_t id, std::vector<std::string> states) {
    Snapshot snapshot;
    snapshot.task_name = "Count";
    snapshot.order.checkpoint = CheckpointId(id);
    for (const std::string& text : states) {
      FrozenOperator one;
      one.name = "Sum";
      one.state = text.empty() ? nullptr : std::make_unique<FakeFrozen>(text);
      snapshot.operators.push_back(std::move(one));
    }
    store_->store(std::move(snapshot));
  }
  void takeWatched(std::uint64_t id, std::function<Status(state::SectionWriter&)> write) {
    Snapshot snapshot;
    snapshot.order.checkpoint = CheckpointId(id);
    snapshot.operators.resize(1);
    snapshot.operators[0].state = std::make_unique<WatchedFrozen>(std::move(write), alive_);
    store_->store(std::move(snapshot));
  }
  void waitUntilAlive(int count) {
    while (alive_ != count) {
      std::this_thread::yield();
    }
  }
  template <typename Report>
  Report expect() {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return !reports_.empty(); });
    Report report = std::get<Report>(reports_.front());
    reports_.erase(reports_.begin());
    return report;
  }
  std::string restored(const runtime::SectionHandle& handle) {
    const auto section = snapshot::SectionOpener(files_).open(handle);
    const auto states = state::readOperatorStates(**section);
    return *state::decodeElement<std::string>((*states)[0].elements[0], (*states)[0].info.schema);
  }

  fs::MemoryFileSystem files_;
  SeededRandom random_{1};
  SystemClock clock_;
  runtime::ExecutionId execution_{JobId(), AttemptId(2), LeaderEpoch(1)};
  SnapshotStore::AckBounds bounds_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<runtime::WorkerReport> reports_;
  std::atomic<int> alive_ = 0;
  std::optional<SnapshotStore> store_;
};

TEST_F(SnapshotStoreTest, SmallSectionsGoToTheFileOnceTheyAreManyTogether) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  take(1, {"one"});
  bounds_.most_inline = expect<runtime::CheckpointAck>().operators[0].handle.size * 3 / 2;
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  take(1, {"one", "two", "three"});
  const auto ack = expect<runtime::CheckpointAck>();
  EXPECT_EQ(ack.operators[0].handle.storage, Storage::kInline);
  for (const std::size_t later : {1U, 2U}) {
    EXPECT_EQ(ack.operators[later].handle.storage, Storage::kFile);
  }
  EXPECT_EQ(restored(ack.operators[0].handle), "one");
  EXPECT_EQ(restored(ack.operators[2].handle), "three");
}

TEST_F(SnapshotStoreTest, DeclinesWhatNoAcknowledgementHoldsNamingTheOperator) {
  bounds_.most = 2000;
  open(runtime::CheckpointStorage::Kind::kJobManager);
  take(1, {"one", "two", "three", "four", "five"});
  EXPECT_THAT(expect<runtime::CheckpointDecline>().reason,
              AllOf(HasSubstr("store the state of operator 'Sum'"),
                    HasSubstr("more than the 2000 bytes that an acknowledgement may hold"),
                    HasSubstr("set state.backend: filesystem")));
  take(2, {"one"});
  EXPECT_EQ(expect<runtime::CheckpointAck>().checkpoint, CheckpointId(2));
}

TEST_F(SnapshotStoreTest, WritesLargeSectionsIntoOneFileAndSmallOnesIntoTheAck) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  const std::string large(2000, 'x');
  const std::string larger(3000, 'y');
  take(7, {large, "small", larger, ""});
  const auto ack = expect<runtime::CheckpointAck>();
  ASSERT_EQ(ack.operators.size(), 4U);
  EXPECT_EQ(ack.operators[0].handle.storage, Storage::kFile);
  EXPECT_EQ(ack.operators[1].handle.storage, Storage::kInline);
  EXPECT_EQ(ack.operators[3].handle.storage, Storage::kNone);
  EXPECT_THAT(ack.operators[0].handle.location,
              StartsWith("file:/checkpoints/job/chk-7/00000000-0-2-"));
  EXPECT_EQ(ack.operators[2].handle.location, ack.operators[0].handle.location);
  EXPECT_EQ(files_.files().size(), 1U);
  EXPECT_EQ(restored(ack.operators[0].handle), large);
  EXPECT_EQ(restored(ack.operators[1].handle), "small");
  EXPECT_EQ(restored(ack.operators[2].handle), larger);
}

TEST_F(SnapshotStoreTest, DeclinesStateThatDoesNotFitOnTheJobManager) {
  open(runtime::CheckpointStorage::Kind::kJobManager);
  take(1, {std::string(2000, 'x')});
  const auto decline = expect<runtime::CheckpointDecline>();
  EXPECT_THAT(decline.reason, HasSubstr("'Sum'"));
  EXPECT_THAT(decline.reason, HasSubstr("more than the 1000"));
  EXPECT_THAT(decline.reason, HasSubstr("state.backend: filesystem"));
}

TEST_F(SnapshotStoreTest, DeclinesNamingThePathWhenTheDiskRefuses) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  files_.limitBytes(100);
  take(1, {std::string(2000, 'x')});
  EXPECT_THAT(expect<runtime::CheckpointDecline>().reason, HasSubstr("/checkpoints/job/chk-1/"));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SnapshotStoreTest, DeletesTheFileOfACheckpointThatIsAbortedLater) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  take(1, {std::string(2000, 'x')});
  take(2, {std::string(2000, 'x')});
  expect<runtime::CheckpointAck>();
  expect<runtime::CheckpointAck>();
  store_->aborted(CheckpointId(1));
  store_->close();
  EXPECT_THAT(files_.files(), ElementsAre(StartsWith("/checkpoints/job/chk-2/")));
}

TEST_F(SnapshotStoreTest, StoresNothingForACheckpointThatIsAbortedAlready) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  store_->aborted(CheckpointId(1));
  take(1, {std::string(2000, 'x')});
  take(2, {"small"});
  EXPECT_EQ(expect<runtime::CheckpointAck>().checkpoint, CheckpointId(2));
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SnapshotStoreTest, GivesBackWhatWaitsForASlowDiskWhenItIsAborted) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  std::latch writing(2);
  std::latch disk(1);
  for (const std::uint64_t id : {1, 2}) {
    takeWatched(id, [&](state::SectionWriter& /*to*/) {
      writing.count_down();
      disk.wait();
      return ok();
    });
  }
  writing.wait();
  for (std::uint64_t id = 3; id <= 202; ++id) {  // More than are remembered as aborted.
    takeWatched(id, [](state::SectionWriter& /*to*/) { return ok(); });
  }
  for (std::uint64_t id = 3; id <= 202; ++id) {
    store_->aborted(CheckpointId(id));
  }
  waitUntilAlive(2);  // The disk has not moved.
  disk.count_down();
  for (int i = 0; i < 2; ++i) {
    EXPECT_LE(expect<runtime::CheckpointAck>().checkpoint, CheckpointId(2));
  }
  store_->close();
  EXPECT_EQ(alive_, 0);
  EXPECT_THAT(reports_, IsEmpty());
}

TEST_F(SnapshotStoreTest, EndsTheWritingOfWhatIsAborted) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  std::latch writing(1);
  std::latch aborted(1);
  int written = 0;
  takeWatched(1, [&](state::SectionWriter& to) -> Status {
    writing.count_down();
    aborted.wait();
    for (; written < 1000; ++written) {
      WEIR_RETURN_IF_ERROR(state::writeOperatorState(
          to,
          {state::operatorInfo<std::string>(), {state::encodeElement(std::string(200'000, 'x'))}}));
    }
    return ok();
  });
  writing.wait();
  store_->aborted(CheckpointId(1));
  aborted.count_down();
  waitUntilAlive(0);
  store_->close();
  EXPECT_LT(written, 10);
  EXPECT_THAT(reports_, IsEmpty());
  EXPECT_THAT(files_.files(), IsEmpty());
}

TEST_F(SnapshotStoreTest, NamesTheFileThatIsShorterThanItsHandle) {
  open(runtime::CheckpointStorage::Kind::kFileSystem);
  take(1, {std::string(2000, 'x')});
  const auto ack = expect<runtime::CheckpointAck>();
  ASSERT_TRUE(files_.truncate(ack.operators[0].handle.location, 100).has_value());
  const auto section = snapshot::SectionOpener(files_).open(ack.operators[0].handle);
  ASSERT_FALSE(section.has_value());
  EXPECT_EQ(section.error().code(), ErrorCode::kCorruption);
  EXPECT_THAT(section.error().message(), HasSubstr("chk-1"));
}

}  // namespace
}  // namespace weir::worker
