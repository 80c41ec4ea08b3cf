#include "tests/unit/taskmanager/daemon/supervision/core_fixture.h"

namespace weir::taskmanager {
namespace {

class AcknowledgementsTest : public TaskManagerCoreTest {};

TEST_F(AcknowledgementsTest, DeclinesACheckpointWhoseMetadataNoMessageTakes) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  it.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.operators.resize(40);
  std::uint8_t number = 0;
  for (auto& one : ack.operators) {
    one.id = OperatorId(Bytes16{++number});
    one.handle.storage = runtime::SectionHandle::Storage::kInline;
    one.handle.bytes = std::string(1 << 20, 's');
    one.handle.size = one.handle.bytes.size();
  }
  shipFrames(it, {ack});
  start();
  order(it);
  EXPECT_THAT(next<runtime::CheckpointDecline>().reason,
              HasSubstr("lower state.backend.fs.memory-threshold"));
}

TEST_F(AcknowledgementsTest, PassUnreadWhereStateLiesInFiles) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  it.storage.kind = runtime::CheckpointStorage::Kind::kFileSystem;
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.checkpoint = CheckpointId(4);
  ack.task.subtask = 3;
  runtime::OperatorSnapshot& one = ack.operators.emplace_back();
  one.id = OperatorId(Bytes16{1});
  one.handle.storage = runtime::SectionHandle::Storage::kInline;
  one.handle.bytes = std::string(100'000, 's');
  one.handle.size = one.handle.bytes.size();
  shipFrames(it, {ack});
  start();
  order(it);
  const auto received = next<runtime::CheckpointAck>();
  EXPECT_EQ(received.checkpoint, ack.checkpoint);
  EXPECT_EQ(received.task, ack.task);
  ASSERT_EQ(received.operators.size(), 1U);
  EXPECT_EQ(received.operators[0].handle, one.handle);
  EXPECT_EQ(link_.relayed, 1);
}

TEST_F(AcknowledgementsTest, MovesLargeStateToTheBlobStoreBeforeItAcknowledges) {
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.checkpoint = CheckpointId(4);
  for (const std::size_t size : {std::size_t{100'000}, std::size_t{10}}) {
    runtime::OperatorSnapshot snapshot;
    snapshot.id = OperatorId(Bytes16{static_cast<std::uint8_t>(size % 7)});
    snapshot.handle.storage = runtime::SectionHandle::Storage::kInline;
    snapshot.handle.bytes = std::string(size, 's');
    snapshot.handle.size = size;
    ack.operators.push_back(snapshot);
  }
  shipFrames(it, {ack});
  start();
  order(it);
  const auto received = next<runtime::CheckpointAck>();
  ASSERT_EQ(received.operators.size(), 2U);
  EXPECT_EQ(received.operators[0].handle.storage, runtime::SectionHandle::Storage::kBlob);
  EXPECT_EQ(received.operators[0].handle.location, "state-1");
  EXPECT_EQ(received.operators[0].handle.size, 100'000U);
  EXPECT_THAT(received.operators[0].handle.bytes, IsEmpty());
  EXPECT_EQ(received.operators[1].handle.storage, runtime::SectionHandle::Storage::kInline);
  EXPECT_EQ(transport_.stored.front(), std::string(100'000, 's'));
}

TEST_F(AcknowledgementsTest, DeclinesNamingTheOperatorWhoseStateTheJobManagerHasNoRoomFor) {
  transport_.most_stored = 1;
  auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
  runtime::CheckpointAck ack;
  ack.execution = it.execution;
  ack.checkpoint = CheckpointId(4);
  for (const std::uint8_t id : {1, 2}) {
    runtime::OperatorSnapshot& snapshot = ack.operators.emplace_back();
    snapshot.id = OperatorId(Bytes16{id});
    snapshot.handle.storage = runtime::SectionHandle::Storage::kInline;
    snapshot.handle.bytes = std::string(100'000, 's');
    snapshot.handle.size = 100'000;
  }
  shipFrames(it, {ack});
  start();
  order(it);
  EXPECT_EQ(next<runtime::CheckpointDecline>().reason,
            "the state of operator " + ack.operators[1].id.hex() +
                " cannot be sent to the job manager: no room for 100000");
  const auto held = next<runtime::CheckpointAck>();  // So that it lets go of the first.
  ASSERT_EQ(held.operators.size(), 1U);
  EXPECT_EQ(held.operators[0].handle.location, "state-1");
}

class ManySectionsTest : public TaskManagerCoreTest {
 protected:
  /// A worker's acknowledgement with one section of each size.
  runtime::Deployment acknowledging(const std::vector<std::size_t>& sizes,
                                    runtime::CheckpointStorage::Kind kind) {
    auto it = deployment(std::string(kHello) + "cat frames >&3; sleep 1000");
    it.storage.kind = kind;
    runtime::CheckpointAck ack;
    ack.execution = it.execution;
    for (const std::size_t size : sizes) {
      runtime::OperatorSnapshot& one = ack.operators.emplace_back();
      one.id = OperatorId(Bytes16{static_cast<std::uint8_t>(ack.operators.size())});
      one.handle.storage = runtime::SectionHandle::Storage::kInline;
      one.handle.bytes = std::string(size, 's');
      one.handle.size = size;
    }
    shipFrames(it, {ack});
    return it;
  }
};

TEST_F(ManySectionsTest, LeaveForTheBlobStoreWhereTheyAreLargeTogether) {
  std::vector<std::size_t> sizes(30, 50'000);
  sizes.push_back(100);
  const auto it = acknowledging(sizes, runtime::CheckpointStorage::Kind::kJobManager);
  start();
  order(it);
  const auto received = next<runtime::CheckpointAck>();
  ASSERT_EQ(received.operators.size(), sizes.size());
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_EQ(received.operators[i].handle.storage, runtime::SectionHandle::Storage::kBlob);
  }
  EXPECT_EQ(received.operators[30].handle.storage, runtime::SectionHandle::Storage::kInline);
}

TEST_F(ManySectionsTest, DeclineTheirCheckpointWhereNoMessageTakesThemAndTheJobGoesOn) {
  terms_.most_message = 20'000;
  start();
  order(acknowledging({9000, 500, 800}, runtime::CheckpointStorage::Kind::kFileSystem));
  const auto declined = next<runtime::CheckpointDecline>();
  EXPECT_THAT(declined.reason,
              AllOf(HasSubstr("more than the 10000 that a message to the job manager takes"),
                    HasSubstr("of operator 01000000000000000000000000000000"),
                    HasSubstr("lower state.backend.fs.memory-threshold")));
}

}  // namespace
}  // namespace weir::taskmanager
