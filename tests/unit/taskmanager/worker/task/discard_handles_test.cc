#include "taskmanager/worker/task/discard_handles.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/state/operator_state.h"

namespace weir::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StringSink final : public state::ByteSink {
 public:
  Status append(std::string_view bytes) override {
    text += bytes;
    return ok();
  }
  std::string text;
};

/// Handles are strings; each call is written down.
class DiscardHandlesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    graph::JobGraph graph;
    graph::JobOperator& one = graph.operators.emplace_back();
    one.id = kIndex;
    one.name = "Index";
    code_.operators.resize(2);
    code_.operators[0].read_handle =
        [this](std::string_view bytes,
               const record::Schema& written) -> Result<std::function<void()>> {
      events_.emplace_back("read");
      WEIR_TRY(auto text, state::decodeElement<std::string>(bytes, written));
      return std::function<void()>([this, text] {
        events_.push_back("discard " + text);
        if (text == "bad") {
          throw std::runtime_error("gone");
        }
        if (text == "odd") {
          throw 7;
        }
      });
    };
    graph::JobOperator& other = graph.operators.emplace_back();
    other.id = kOther;
    other.name = "Other";
    graph.name = "my job";
    order_.graph = std::move(graph);
    order_.execution = {JobId(), AttemptId(4), LeaderEpoch(1)};
  }
  static runtime::SectionHandle handle(const state::OperatorState& state) {
    StringSink sink;
    state::SectionWriter writer(sink);
    EXPECT_TRUE(state::writeOperatorState(writer, state));
    const auto info = writer.finish();
    EXPECT_TRUE(info);
    runtime::SectionHandle handle;
    handle.storage = runtime::SectionHandle::Storage::kInline;
    handle.size = info->size;
    handle.checksum = info->checksum;
    handle.bytes = sink.text;
    return handle;
  }
  runtime::SectionHandle& add(const std::string& text, OperatorId id = kIndex) {
    const auto state = handle({state::operatorInfo<std::string>(), {state::encodeElement(text)}});
    order_.handles.push_back({id, state});
    return order_.handles.back().state;
  }
  Status discard() {
    return discardHandles(order_, code_, files_, [this](const runtime::HandleDiscarded& report) {
      EXPECT_EQ(report.execution, order_.execution);
      events_.push_back((report.done ? "done " : "begin ") + std::to_string(report.index) +
                        (report.error.empty() ? "" : ": " + report.error));
      return --answers_ > 0;
    });
  }

  static constexpr OperatorId kIndex = OperatorId({1});
  static constexpr OperatorId kOther = OperatorId({2});
  fs::MemoryFileSystem files_;
  runtime::DiscardHandles order_;
  graph::ProgramCode code_;
  std::vector<std::string> events_;
  int answers_ = 100;  // How many are true, and one.
};

TEST_F(DiscardHandlesTest, ReadsAllBeforeTheFirstCallAndReportsAroundEach) {
  add("a");
  add("b");
  ASSERT_TRUE(discard());
  EXPECT_THAT(
      events_,
      ElementsAre(
          "read", "read", "begin 0", "discard a", "done 0", "begin 1", "discard b", "done 1"));
}

TEST_F(DiscardHandlesTest, DiscardsNothingWhenOneCannotBeRead) {
  add("a");
  add("b").bytes.back() ^= 1;
  const Status refused = discard();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), HasSubstr("'Index'"));
  EXPECT_THAT(events_, ElementsAre("read"));
}

TEST_F(DiscardHandlesTest, DiscardsNothingWhenAFileIsGone) {
  add("a");
  runtime::SectionHandle& lost = add("b");
  lost.storage = runtime::SectionHandle::Storage::kFile;
  lost.location = "file:/c/chk-1/state";
  const Status refused = discard();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().text(), AllOf(HasSubstr("'Index'"), HasSubstr("/c/chk-1/state")));
  EXPECT_THAT(events_, ElementsAre("read"));
}

TEST_F(DiscardHandlesTest, ReportsWhatIsThrownAndGoesOn) {
  add("bad");
  add("odd");
  add("c");
  ASSERT_TRUE(discard());
  EXPECT_THAT(std::vector(events_.begin() + 3, events_.end()),
              ElementsAre("begin 0",
                          "discard bad",
                          AllOf(HasSubstr("done 0: "), HasSubstr("gone")),
                          "begin 1",
                          "discard odd",
                          HasSubstr("done 1: "),
                          "begin 2",
                          "discard c",
                          "done 2"));
}

TEST_F(DiscardHandlesTest, DoesNotDiscardWhatItCouldNotAnnounce) {
  add("a");
  answers_ = 1;
  ASSERT_TRUE(discard());
  EXPECT_THAT(events_, ElementsAre("read", "begin 0"));
}

TEST_F(DiscardHandlesTest, StopsWhenNobodyHearsThatOneIsDone) {
  add("a");
  add("b");
  answers_ = 2;
  ASSERT_TRUE(discard());
  EXPECT_THAT(events_, ElementsAre("read", "read", "begin 0", "discard a", "done 0"));
}

TEST_F(DiscardHandlesTest, RefusesAnOperatorThatTheProgramDoesNotHave) {
  add("a");
  add("b", OperatorId({9}));
  const Status refused = discard();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().text(),
              AllOf(HasSubstr("'my job'"), HasSubstr(OperatorId({9}).hex())));
  EXPECT_THAT(events_, ElementsAre("read"));
}

TEST_F(DiscardHandlesTest, RefusesAnOperatorWithoutHandles) {
  add("a", kOther);
  const Status refused = discard();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().text(), HasSubstr("'Other'"));
}

TEST_F(DiscardHandlesTest, RefusesAHandleOfAnotherType) {
  add("a") =
      handle({state::operatorInfo<std::uint64_t>(), {state::encodeElement(std::uint64_t{7})}});
  const Status refused = discard();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kInvalidArgument);
  EXPECT_THAT(refused.error().text(), HasSubstr("'Index'"));
}

TEST_F(DiscardHandlesTest, CountsASubtaskThatStoredNone) {
  add("a") =
      handle({state::operatorListInfo<std::string>(), {state::encodeElement(std::string("x"))}});
  add("b");
  ASSERT_TRUE(discard());
  EXPECT_THAT(events_, ElementsAre("read", "begin 0", "done 0", "begin 1", "discard b", "done 1"));
}

}  // namespace
}  // namespace weir::worker
