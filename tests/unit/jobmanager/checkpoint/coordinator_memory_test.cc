// Checkpoints whose state lies in the memory of the job manager.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/jobmanager/checkpoint/coordinator_fixture.h"

namespace weir::jobmanager {
namespace {

using namespace std::chrono_literals;  // NOLINT: durations of a test.
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t kStateBytes = 1000;  // A tenth of what fits.

class CoordinatorMemoryTest : public CoordinatorFixture {
 protected:
  CoordinatorMemoryTest() {
    setup_.storage = onJobManager();
    start();
  }
  /// As a task manager does before it acknowledges: state that no other checkpoint has.
  runtime::SectionHandle upload(std::uint64_t id, std::uint8_t vertex) {
    std::string bytes(kStateBytes, 'x');
    bytes += std::to_string(id * 10 + vertex);
    auto room = state().reserve(testing::jobId(1), bytes.size());
    EXPECT_TRUE(room);
    const auto key = state().put(testing::jobId(1), bytes, *std::move(room));
    runtime::SectionHandle handle;
    handle.storage = runtime::SectionHandle::Storage::kBlob;
    handle.location = key.sha256;
    handle.size = key.size;
    return handle;
  }
  runtime::CheckpointAck uploaded(std::uint64_t id, std::uint8_t vertex) {
    runtime::CheckpointAck ack = ackOf(id, vertex);
    ack.operators[0].handle = upload(id, vertex);
    return ack;
  }
  static runtime::CheckpointAck withInlineState(std::uint64_t id,
                                                std::uint8_t vertex,
                                                std::size_t bytes) {
    runtime::CheckpointAck ack = ackOf(id, vertex);
    ack.operators[0].handle.storage = runtime::SectionHandle::Storage::kInline;
    ack.operators[0].handle.bytes = std::string(bytes, 'i');
    ack.operators[0].handle.size = bytes;
    return ack;
  }
  void complete(std::uint64_t id) {
    acknowledge(uploaded(id, 1));
    acknowledge(uploaded(id, 2));
  }
  void endJob() {
    coordinator_->stop(Error(ErrorCode::kCancelled, "the job ends"));
    coordinator_->attemptEnded();
    end();
  }
  blob::StateStore& state() { return store_.state(); }
};

TEST_F(CoordinatorMemoryTest, HoldsTheStateOfTheNewestCheckpointAlone) {
  for (std::uint64_t id = 1; id <= 20; ++id) {  // In less than a minute.
    time_.advance(1s);
    complete(id);
    EXPECT_LT(state().bytes(), 3 * kStateBytes);
  }
  EXPECT_EQ(coordinator_->latest()->metadata.checkpoint, CheckpointId(20));
  endJob();
  EXPECT_EQ(state().bytes(), 0U);
}

TEST_F(CoordinatorMemoryTest, AbortsACheckpointWhoseStateIsGoneAndNamesItsTask) {
  time_.advance(1s);
  runtime::CheckpointAck ack = uploaded(1, 1);
  state().forgetUploads(testing::jobId(1));
  acknowledge(ack);
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
  EXPECT_THAT(failureOf(1), AllOf(HasSubstr("task "), HasSubstr("is not on the job manager")));
  time_.advance(1s);
  complete(2);
  EXPECT_THAT(tasks_.notified, ElementsAre(2));
}

TEST_F(CoordinatorMemoryTest, AbortsACheckpointWhoseInlineStateExceedsTheLimitAndGoesOn) {
  time_.advance(1s);
  acknowledge(uploaded(1, 1));
  acknowledge(withInlineState(1, 2, 9 * kStateBytes));
  EXPECT_THAT(tasks_.aborted, ElementsAre(1));
  EXPECT_THAT(failureOf(1),
              AllOf(HasSubstr("task "), HasSubstr("jobmanager.state.max-size allows 10000")));
  EXPECT_EQ(state().bytes(), 0U);
  time_.advance(1s);
  acknowledge(uploaded(2, 1));
  acknowledge(withInlineState(2, 2, kStateBytes));
  EXPECT_THAT(tasks_.notified, ElementsAre(2));
  endJob();
  EXPECT_EQ(state().bytes(), 0U);
}

TEST_F(CoordinatorMemoryTest, CountsARepeatedAcknowledgementOnce) {
  time_.advance(1s);
  const runtime::CheckpointAck ack = uploaded(1, 1);
  acknowledge(ack);
  acknowledge(ack);
  acknowledge(uploaded(1, 2));
  acknowledge(ack);
  EXPECT_THAT(tasks_.notified, ElementsAre(1));
  endJob();
  EXPECT_EQ(state().bytes(), 0U);
}

TEST_F(CoordinatorMemoryTest, LetsStateOfAnAbortedCheckpointGoThatIsAcknowledgedLate) {
  time_.advance(1s);
  acknowledge(uploaded(1, 1));
  decline(1);
  EXPECT_EQ(state().bytes(), 0U);
  const runtime::CheckpointAck late = uploaded(1, 2);
  acknowledge(late);
  acknowledge(late);
  EXPECT_EQ(state().bytes(), 0U);
}

TEST_F(CoordinatorMemoryTest, LetsUploadsGoThatAnAttemptDidNotAcknowledge) {
  time_.advance(1s);
  complete(1);
  const std::uint64_t before = state().bytes();
  upload(2, 1);
  coordinator_->stop(Error(ErrorCode::kUnavailable, "a worker died"));
  coordinator_->attemptEnded();
  EXPECT_EQ(state().bytes(), before);
}

TEST_F(CoordinatorMemoryTest, RefusesStateOfAnOperatorThatIsNamedTwiceOrIsNotInTheTask) {
  for (const bool twice : {true, false}) {
    time_.advance(1s);
    const std::uint64_t id = tasks_.triggered.back();
    runtime::CheckpointAck ack = uploaded(id, 1);
    ack.operators.push_back(ack.operators[0]);
    ack.operators.back().id = testing::operatorId(twice ? 1 : 2);
    ack.operators.back().handle = upload(id, 2);
    acknowledge(ack);
    EXPECT_THAT(failureOf(id), HasSubstr(ack.operators.back().id.hex()));
    EXPECT_EQ(state().bytes(), 0U);
  }
  EXPECT_THAT(tasks_.notified, IsEmpty());
}

}  // namespace
}  // namespace weir::jobmanager
