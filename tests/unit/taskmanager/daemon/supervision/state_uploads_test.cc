#include "taskmanager/daemon/supervision/state_uploads.h"

#include <future>
#include <latch>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/concurrency/thread_executor.h"

namespace weir::taskmanager {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;
using Storage = runtime::SectionHandle::Storage;

/// Takes state, up to a number of sections; each waits until the test lets it.
class FakeTransport final : public BlobTransport {
 public:
  Status fetch(const std::string& key, std::uint64_t /*length*/, const Sink& /*sink*/) override {
    return Error(ErrorCode::kNotFound, "no blob " + key);
  }
  Result<std::string> putState(const JobId& /*job*/, std::string_view /*bytes*/) override {
    began.count_down();
    go.wait();
    if (stored == most) {
      return Error(ErrorCode::kResourceExhausted, "no room");
    }
    return std::to_string(++stored);
  }
  std::latch began{1};
  std::latch go{1};
  int most = 1000;
  int stored = 0;
};

class StateUploadsTest : public ::testing::Test {
 protected:
  void TearDown() override {
    pool_.shutdown();
    loop_.shutdown();
  }
  runtime::CheckpointAck ackOf(std::uint64_t id, const std::vector<std::size_t>& sections) {
    runtime::CheckpointAck ack;
    ack.execution = execution_;
    ack.checkpoint = CheckpointId(id);
    for (const std::size_t size : sections) {
      runtime::OperatorSnapshot& one = ack.operators.emplace_back();
      one.id = OperatorId(Bytes16{static_cast<std::uint8_t>(ack.operators.size())});
      one.handle.storage = Storage::kInline;
      one.handle.bytes = std::string(size, 's');
    }
    return ack;
  }
  std::future<StateUploads::Outcome> start(runtime::CheckpointAck ack) {
    auto answer = std::make_shared<std::promise<StateUploads::Outcome>>();  // With the callback.
    onLoop([&] {
      uploads_.start(std::move(ack),
                     [answer](auto outcome) { answer->set_value(std::move(outcome)); });
    });
    return answer->get_future();
  }
  void onLoop(const std::function<void()>& function) { loop_.runSync(function); }
  std::uint64_t bytes() {
    std::uint64_t bytes = 0;
    onLoop([&] { bytes = uploads_.bytes(); });
    return bytes;
  }
  static bool isReady(std::future<StateUploads::Outcome>& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }

  const runtime::ExecutionId execution_{JobId(Bytes16{1}), AttemptId(2), LeaderEpoch(3)};
  FakeTransport transport_;
  IoLoop loop_{"loop"};
  concurrency::ThreadExecutor pool_{"pool"};
  StateUploads uploads_{loop_, pool_, transport_};
};

TEST_F(StateUploadsTest, AnAbortedOneThatWaitsGivesItsBytesBackAtOnce) {
  auto first = start(ackOf(1, {100'000}));
  transport_.began.wait();
  auto second = start(ackOf(2, {200'000, 10}));
  EXPECT_EQ(bytes(), 300'000U);
  onLoop([this] { uploads_.abort(execution_, CheckpointId(2)); });
  ASSERT_TRUE(isReady(second));  // The thread has not moved.
  EXPECT_EQ(bytes(), 100'000U);
  const StateUploads::Outcome outcome = second.get();
  EXPECT_EQ(outcome.status.error().code(), ErrorCode::kCancelled);
  ASSERT_THAT(outcome.ack.operators, SizeIs(1));  // What it has without an upload.
  EXPECT_THAT(outcome.ack.operators[0].handle.bytes, SizeIs(10));
  transport_.go.count_down();
  EXPECT_TRUE(first.get().status);
  EXPECT_EQ(bytes(), 0U);
}

TEST_F(StateUploadsTest, AnAbortedOneThatRunsEndsBeforeItsNextSection) {
  auto answer = start(ackOf(1, {100'000, 100'000, 100'000}));
  transport_.began.wait();
  onLoop([this] { uploads_.abort(execution_); });
  transport_.go.count_down();
  const StateUploads::Outcome outcome = answer.get();
  EXPECT_EQ(outcome.status.error().code(), ErrorCode::kCancelled);
  ASSERT_THAT(outcome.ack.operators, SizeIs(1));  // The job manager holds it.
  EXPECT_EQ(outcome.ack.operators[0].handle.storage, Storage::kBlob);
  EXPECT_EQ(transport_.stored, 1);
}

TEST_F(StateUploadsTest, NamesTheOperatorThatWasRefusedAndWhatIsStoredBeforeIt) {
  transport_.most = 1;
  transport_.go.count_down();
  const StateUploads::Outcome outcome = start(ackOf(1, {100'000, 100'000, 100'000})).get();
  EXPECT_EQ(outcome.status.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(outcome.failed, OperatorId(Bytes16{2}));
  EXPECT_THAT(outcome.ack.operators, SizeIs(1));
}

TEST_F(StateUploadsTest, AnAbortReachesNoOtherCheckpointAndNoOtherAttempt) {
  auto answer = start(ackOf(1, {100'000}));
  transport_.began.wait();
  onLoop([this] {
    uploads_.abort(execution_, CheckpointId(2));
    runtime::ExecutionId other = execution_;
    other.attempt = AttemptId(7);
    uploads_.abort(other);
  });
  transport_.go.count_down();
  const StateUploads::Outcome outcome = answer.get();
  EXPECT_TRUE(outcome.status);
  EXPECT_THAT(outcome.ack.operators[0].handle.bytes, IsEmpty());
}

}  // namespace
}  // namespace weir::taskmanager
