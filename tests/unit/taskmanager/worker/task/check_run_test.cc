#include "taskmanager/worker/task/check_run.h"

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/functions/stream_operators.h"
#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"
#include "common/state/operator_state.h"

namespace weir::worker {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kMost = 128;
constexpr OperatorId kCounts({1});
constexpr OperatorId kKeeper({2});

std::vector<std::string> calls;  // Of functions, in order.

struct CountsBase : RichMapFunction<std::int64_t, std::int64_t> {
  void open(RuntimeContext& context) override {
    calls.emplace_back(context.isCheck() ? "open in check" : "open");
  }
  void close() override { calls.emplace_back("close"); }
  std::int64_t map(const std::int64_t& value) override { return value; }
};
/// Declares its state as a member, of type T.
template <typename T>
struct Counts : CountsBase {
  ValueState<T> seen_{*this, "seen", T()};
};
/// Asks for it in open().
template <typename T>
struct LateCounts : CountsBase {
  void open(RuntimeContext& context) override {
    CountsBase::open(context);
    context.getState(ValueStateDescriptor<T>("seen"));
  }
};
struct OpenThrows : CountsBase {
  void open(RuntimeContext& /*context*/) override { throw std::runtime_error("no"); }
};
struct Keeper : MapFunction<std::int64_t, std::int64_t>, ListCheckpointed<std::string> {
  std::int64_t map(const std::int64_t& value) override { return value; }
  std::vector<std::string> snapshotState(std::uint64_t /*id*/) override { return {}; }
  void restoreState(const std::vector<std::string>& elements) override {
    calls.push_back("restore " + std::to_string(elements.size()));
    if (!elements.empty() && elements.front() == "bad") {
      throw std::runtime_error("bad element");
    }
  }
};

struct KeyItself {
  std::int64_t operator()(std::int64_t value) const { return value; }
};

template <typename F>
functions::OperatorFactory keyed() {
  return [] {
    return std::make_unique<functions::OneInputOperator<functions::MapStep,
                                                        F,
                                                        std::int64_t,
                                                        std::int64_t,
                                                        std::int64_t,
                                                        KeyItself>>(F(), KeyItself());
  };
}

class CheckRunTest : public ::testing::Test {
 protected:
  CheckRunTest() {
    calls.clear();
    graph::JobOperator counts;
    counts.id = kCounts;
    counts.name = "Counts";
    counts.max_parallelism = kMost;
    counts.stateful = true;
    counts.all_states_declared = true;
    graph::JobOperator keeper = counts;
    keeper.id = kKeeper;
    keeper.name = "Keeper";
    check_.graph.change([&](graph::JobGraph& graph) {
      graph.operators = {counts, keeper};
      graph.vertices.resize(1);
      graph.vertices[0].id = kCounts;
      graph.vertices[0].operators = {0, 1};
    });
    code_.operators.resize(2);
    code_.operators[0].make = keyed<Counts<std::int64_t>>();
    code_.operators[1].make = [] {
      return std::make_unique<functions::OneInputOperator<functions::MapStep,
                                                          Keeper,
                                                          std::int64_t,
                                                          std::int64_t,
                                                          functions::NoKey,
                                                          functions::NoSelector>>(
          Keeper(), functions::NoSelector());
    };
  }

  /// Writes a section and gives it to subtask 0 of `id`, which is of parallelism 1.
  template <typename Write>
  void give(OperatorId id, Write write) {
    struct Sink final : state::ByteSink {
      Status append(std::string_view more) override {
        bytes += more;
        return ok();
      }
      std::string bytes;
    } sink;
    state::SectionWriter writer(sink);
    write(writer);
    const auto info = writer.finish();
    ASSERT_TRUE(info);
    const std::string path =
        "/state/" + std::string(32, 'a') + "-0-1-0000000" + std::to_string(files_made_++);
    ASSERT_TRUE(fs::writeAll(files_, path, sink.bytes));
    path_ = path;
    runtime::OperatorRestoreOrder order;
    order.id = id;
    order.old_parallelism = 1;
    order.unclaimed = state::Unclaimed::kRefused;
    runtime::SectionHandle handle;
    handle.storage = runtime::SectionHandle::Storage::kFile;
    handle.location = path;
    handle.size = info->size;
    if (check_.restores.tasks.empty()) {
      check_.restores.tasks.push_back({{kCounts, 0}, {}});
    }
    check_.restores.give(order, {{0, handle}});
    check_.restores.tasks[0].operators.push_back(order);
  }
  void giveCounts(std::int64_t keys) {
    give(kCounts, [keys](state::SectionWriter& writer) {
      state::KeyedBackendOf<std::int64_t> backend(kMost);
      auto* column = *backend.column(ValueStateDescriptor<std::int64_t>("seen"));
      for (std::int64_t key = 0; key < keys; ++key) {
        column->set(backend.slotOf(key), key * 2);
      }
      ASSERT_TRUE(backend.freeze()->write(writer));
    });
  }
  void giveElements(const std::vector<std::string>& elements) {
    give(kKeeper, [&](state::SectionWriter& writer) {
      state::OperatorState kept{state::operatorListInfo<std::string>(), {}};
      for (const std::string& one : elements) {
        kept.elements.push_back(state::encodeElement(one));
      }
      ASSERT_TRUE(state::writeOperatorState(writer, kept));
    });
  }

  void run() {
    CheckRun run(check_, code_, files_, [this](const runtime::CheckReport& report) {
      if (const auto* problem = std::get_if<runtime::CheckProblem>(&report)) {
        problems_.push_back(*problem);
      } else if (const auto* checked = std::get_if<runtime::OperatorChecked>(&report)) {
        checked_.push_back(*checked);
      } else if (const auto* step = std::get_if<runtime::CheckStep>(&report)) {
        steps_.push_back(*step);
      }
      return --listens_ > 0;
    });
    ended_ = run.run();
  }

  fs::MemoryFileSystem files_;
  runtime::CheckRestore check_;
  graph::ProgramCode code_;
  int files_made_ = 0;
  int listens_ = 1000;
  std::string path_;  // Of the last section.
  bool ended_ = false;
  std::vector<runtime::CheckProblem> problems_;
  std::vector<runtime::OperatorChecked> checked_;
  std::vector<runtime::CheckStep> steps_;
};

TEST_F(CheckRunTest, ReadsEveryEntryAndOpensNothing) {
  giveCounts(1000);
  giveElements({"a", "b"});
  run();
  EXPECT_TRUE(ended_);
  EXPECT_THAT(problems_, IsEmpty());
  ASSERT_THAT(checked_, SizeIs(2));
  EXPECT_EQ(checked_[0].entries, 1000);
  EXPECT_THAT(calls, ElementsAre("restore 2"));
}

TEST_F(CheckRunTest, OpensAndClosesAFunctionThatHasToBeAskedForItsState) {
  code_.operators[0].make = keyed<LateCounts<std::int64_t>>();
  giveCounts(3);
  run();
  EXPECT_THAT(problems_, IsEmpty());
  EXPECT_THAT(calls, ElementsAre("open in check", "close"));
}

TEST_F(CheckRunTest, TellsOfLateStateOfAnotherType) {
  code_.operators[0].make = keyed<LateCounts<std::string>>();
  giveCounts(3);
  run();
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_EQ(problems_[0].state, "seen");
  EXPECT_EQ(problems_[0].file, path_);
  EXPECT_THAT(problems_[0].what, HasSubstr("does not fit"));
}

TEST_F(CheckRunTest, TellsOfStateThatNobodyAsksFor) {
  code_.operators[0].make = keyed<CountsBase>();
  giveCounts(3);
  run();
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_THAT(problems_[0].what, HasSubstr("neither declares it nor, in open(), asks for it"));
  EXPECT_EQ(problems_[0].entries, 3);
}

TEST_F(CheckRunTest, LeavesOutWhatNobodyAsksForWhereThatIsAllowed) {
  code_.operators[0].make = keyed<CountsBase>();
  giveCounts(3);
  check_.restores.tasks[0].operators[0].unclaimed = state::Unclaimed::kLeftOut;
  run();
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_TRUE(problems_[0].noted);
}

TEST_F(CheckRunTest, GoesOnBehindExceptions) {
  code_.operators[0].make = keyed<OpenThrows>();
  giveCounts(3);
  giveElements({"bad"});
  run();
  ASSERT_THAT(problems_, SizeIs(2));
  EXPECT_THAT(problems_[0].what, HasSubstr("open() threw std::runtime_error: no"));
  EXPECT_EQ(problems_[1].id, kKeeper);
  EXPECT_THAT(problems_[1].what, HasSubstr("restoreState() threw std::runtime_error: bad element"));
  EXPECT_THAT(checked_, SizeIs(2));
}

TEST_F(CheckRunTest, SaysBeforeEachStepWhatItIsAbout) {
  giveElements({"a"});
  run();
  ASSERT_THAT(steps_, SizeIs(2));
  EXPECT_EQ(steps_[0].phase, state::CheckPhase::kConstruct);
  EXPECT_EQ(steps_[1].phase, state::CheckPhase::kRestoreState);
  EXPECT_EQ(steps_[1].id, kKeeper);
}

TEST_F(CheckRunTest, PassesOverOperatorsThatWereLookedAtAndThoseWithoutState) {
  giveCounts(3);
  giveElements({"a"});
  check_.done = {kCounts};
  check_.graph.change([](graph::JobGraph& graph) { graph.operators[1].stateful = false; });
  run();
  EXPECT_TRUE(ended_);
  EXPECT_THAT(checked_, IsEmpty());
  EXPECT_THAT(calls, IsEmpty());
}

TEST_F(CheckRunTest, EndsWhereNobodyListens) {
  giveCounts(3);
  giveElements({"a"});
  listens_ = 2;
  run();
  EXPECT_FALSE(ended_);
  EXPECT_THAT(calls, IsEmpty());
}

TEST_F(CheckRunTest, NamesTheFileOfADamagedSectionAndLooksAtTheOthers) {
  giveCounts(100);
  const std::string damaged = path_;
  auto bytes = *fs::readAll(files_, damaged);
  bytes[60] = static_cast<char>(bytes[60] ^ 1);
  ASSERT_TRUE(files_.remove(damaged));
  ASSERT_TRUE(fs::writeAll(files_, damaged, bytes));
  giveElements({"a"});
  run();
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_EQ(problems_[0].id, kCounts);
  EXPECT_THAT(problems_[0].what, HasSubstr(damaged));
  EXPECT_THAT(calls, ElementsAre("restore 1"));
}

TEST_F(CheckRunTest, TellsOfEntriesThatNoSubtaskGets) {
  giveCounts(1000);
  check_.graph.change([](graph::JobGraph& graph) {
    graph.vertices[0].parallelism = 2;  // But the section goes to the first one alone.
    graph.operators[1].stateful = false;
  });
  run();
  ASSERT_THAT(problems_, SizeIs(1));
  EXPECT_THAT(problems_[0].what, HasSubstr("of the 1000 entries"));
}

}  // namespace
}  // namespace weir::worker
