// What subtasks store and others get back, at one parallelism and then at another: the way from
// tables over sections, metadata and orders into tables.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/memory_file_system.h"
#include "common/functions/function_operator.h"
#include "common/functions/keyed_functions.h"
#include "common/functions/stream_operators.h"
#include "common/record/content_hash.h"
#include "common/snapshot/restore_sections.h"
#include "common/state/keyed_state.h"
#include "taskmanager/worker/checkpoint/restored_state.h"
#include "tests/unit/common/functions/fakes.h"
#include "tests/unit/common/state/fixtures.h"
#include "tests/unit/jobmanager/job_graphs.h"

namespace weir::worker {
namespace {

using functions::FakeContext;
using ::testing::HasSubstr;

constexpr std::uint32_t kMax = 128;

struct Amounts {
  std::int64_t sum = 0;
  std::vector<std::string> notes;
  bool operator==(const Amounts&) const = default;
};

/// Keyed state of three kinds, one of them asked for late.
struct Keyed : RichMapFunction<std::string, std::string> {
  ValueState<Amounts> amounts_{*this, "amounts", Amounts{}};
  MapState<std::string, std::int32_t> letters_{*this, "letters"};
  ListState<std::int64_t> late_;
  void open(RuntimeContext& context) override {
    late_ = context.getListState(ListStateDescriptor<std::int64_t>("late"));
  }
  std::string map(const std::string& word) override {
    Amounts amounts = amounts_.value();
    ++amounts.sum;
    amounts.notes.push_back(word);
    amounts_.update(amounts);
    for (const char letter : word) {
      letters_.put(std::string(1, letter), letter);
    }
    late_.add(static_cast<std::int64_t>(word.size()));
    return word;
  }
};
struct Word {
  const std::string& operator()(const std::string& word) const { return word; }
};

/// Keeps what it sees as a list.
template <ListMode kMode>
struct Listing : MapFunction<std::string, std::string>, ListCheckpointed<std::string> {
  std::vector<std::string> kept;
  std::string map(const std::string& word) override {
    kept.push_back(word);
    return word;
  }
  std::vector<std::string> snapshotState(std::uint64_t /*id*/) override { return kept; }
  void restoreState(const std::vector<std::string>& elements) override { kept = elements; }
  ListMode listMode() const override { return kMode; }
};

template <typename F>
using ListOperator = functions::OneInputOperator<functions::MapStep,
                                                 F,
                                                 std::string,
                                                 std::string,
                                                 functions::NoKey,
                                                 functions::NoSelector>;
using KeyedOperator = functions::
    OneInputOperator<functions::MapStep, Keyed, std::string, std::string, std::string, Word>;

/// The four operators of a chain in one subtask.
class Chain {
 public:
  Chain(std::uint32_t subtask, std::uint32_t parallelism)
      : subtask_(subtask), parallelism_(parallelism), context_(subtask, parallelism) {
    operators_.push_back(std::make_unique<KeyedOperator>(Keyed{}, Word{}));
    add<ListMode::kSplit>();
    add<ListMode::kUnion>();
    add<ListMode::kBroadcast>();
    for (auto& one : operators_) {
      one->setup(context_);
    }
  }
  Status restore(const runtime::Restores& restores, std::uint32_t task, fs::FileSystem& files) {
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      const auto& order = restores.tasks.at(task).operators.at(i);
      WEIR_TRY(const auto opened,
               openRestore(order, restores.sectionsOf(order), subtask_, parallelism_, kMax, files));
      WEIR_RETURN_IF_ERROR(operators_[i]->restore(opened));
    }
    return ok();
  }
  void open() {
    for (auto& one : operators_) {
      one->open();
    }
  }
  void feed(std::size_t to, const std::vector<std::string>& words) {
    functions::feed<std::string>(*operators_[to], words);
  }
  /// The section of one operator, as bytes.
  state::MemoryFile section(std::size_t of) {
    state::MemoryFile file;
    state::SectionWriter writer(file);
    EXPECT_TRUE(operators_[of]->snapshot(CheckpointId(1))->write(writer).has_value());
    info = *writer.finish();
    return file;
  }
  std::size_t size() const { return operators_.size(); }

  state::SectionInfo info;  ///< Of the last section.

 private:
  template <ListMode kMode>
  void add() {
    using F = Listing<kMode>;
    operators_.push_back(std::make_unique<ListOperator<F>>(F{}, functions::NoSelector{}));
  }

  std::uint32_t subtask_;
  std::uint32_t parallelism_;
  FakeContext context_;
  std::vector<std::unique_ptr<functions::Operator>> operators_;
};

runtime::CheckpointMetadata snapshotOf(std::vector<std::unique_ptr<Chain>>& chains) {
  runtime::CheckpointMetadata metadata;
  for (std::size_t at = 0; at < chains[0]->size(); ++at) {
    runtime::SavedOperator saved;
    saved.id = testing::operatorId(static_cast<std::uint8_t>(at + 1));
    saved.parallelism = static_cast<std::uint32_t>(chains.size());
    saved.max_parallelism = kMax;
    for (std::uint32_t subtask = 0; subtask < chains.size(); ++subtask) {
      runtime::SubtaskState part;
      part.subtask = subtask;
      part.handle.storage = runtime::SectionHandle::Storage::kInline;
      part.handle.bytes = chains[subtask]->section(at).bytes;
      part.handle.size = part.handle.bytes.size();
      saved.subtasks.push_back(part);
      saved.states.clear();
      for (const state::StateSummary& one : chains[subtask]->info.states) {
        runtime::SavedState state;
        state.name = one.name;
        state.kind = one.kind;
        state.mode = one.mode;
        saved.states.push_back(state);
      }
    }
    metadata.operators.push_back(saved);
  }
  return metadata;
}

runtime::Restores restoresAt(const runtime::CheckpointMetadata& metadata,
                             std::uint32_t parallelism) {
  graph::JobGraph graph;
  graph::JobVertex vertex;
  vertex.parallelism = parallelism;
  snapshot::OperatorMatches matches;
  for (std::uint32_t at = 0; at < metadata.operators.size(); ++at) {
    graph::JobOperator one;
    one.id = metadata.operators[at].id;
    one.parallelism = parallelism;
    one.max_parallelism = kMax;
    graph.operators.push_back(one);
    vertex.operators.push_back(at);
    matches.emplace(one.id, &metadata.operators[at]);
  }
  graph.vertices.push_back(vertex);
  return snapshot::distribute(metadata, graph, matches, {}, state::Unclaimed::kKept);
}

using Chains = std::vector<std::unique_ptr<Chain>>;

Result<Chains> restored(const runtime::Restores& restores, std::uint32_t parallelism) {
  fs::MemoryFileSystem files;
  Chains chains;
  for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    chains.push_back(std::make_unique<Chain>(subtask, parallelism));
    WEIR_RETURN_IF_ERROR(chains.back()->restore(restores, subtask, files));
    chains.back()->open();
  }
  return chains;
}

/// All entries of the keyed operator, by state, key and content; each in its subtask alone.
std::map<std::string, std::uint64_t> keyedContents(Chains& chains) {
  std::map<std::string, std::uint64_t> all;
  for (std::uint32_t subtask = 0; subtask < chains.size(); ++subtask) {
    const state::MemoryFile file = chains[subtask]->section(0);
    const auto reader = state::SectionReader::open(file);
    const KeyGroupRange own =
        keyGroupRangeOf(subtask, static_cast<std::uint32_t>(chains.size()), kMax);
    for (std::size_t i = 0; i < (*reader)->states().size(); ++i) {
      const record::ContentHash hash((*reader)->states()[i].value_schema);
      EXPECT_TRUE((*reader)->readKeyed(i, {0, kMax - 1}, [&](const auto& entry) {
        EXPECT_TRUE(own.contains(entry.key_group));
        const std::string what = (*reader)->states()[i].name + " " + std::string(entry.key);
        EXPECT_TRUE(all.emplace(what, hash.of(entry.value)).second) << what << " stands twice";
        return ok();
      }));
    }
  }
  return all;
}
std::vector<std::vector<std::string>> lists(Chains& chains, std::size_t at) {
  std::vector<std::vector<std::string>> all;
  for (auto& chain : chains) {
    const state::MemoryFile file = chain->section(at);
    const auto reader = state::SectionReader::open(file);
    all.emplace_back();
    const auto elements = (*reader)->readElements(0);
    for (const std::string& element : *elements) {
      all.back().push_back(
          *state::decodeElement<std::string>(element, record::schemaOf<std::string>()));
    }
  }
  return all;
}
std::vector<std::string> flat(const std::vector<std::vector<std::string>>& lists) {
  std::vector<std::string> all;
  for (const auto& one : lists) {
    all.insert(all.end(), one.begin(), one.end());
  }
  return all;
}

/// Chains that have seen `keys` words, each where its key belongs, some more than once; every third
/// subtask's lists are empty.
Chains started(std::uint32_t parallelism, int keys) {
  Chains chains;
  for (std::uint32_t subtask = 0; subtask < parallelism; ++subtask) {
    chains.push_back(std::make_unique<Chain>(subtask, parallelism));
    chains.back()->open();
    const std::string name = std::to_string(subtask);
    if (subtask % 3 != 1) {
      chains.back()->feed(1, {"a" + name, "b" + name, "c" + name});
      chains.back()->feed(2, {"u" + name});
    }
    chains.back()->feed(3, {"rule 1", "rule 2"});
  }
  for (int i = 0; i < keys; ++i) {
    const std::string word = "word" + std::to_string(i);
    const std::uint32_t group = keyGroupOf(keyHash(word), kMax);
    chains[subtaskOf(group, parallelism, kMax)]->feed(0, std::vector<std::string>(1 + i % 3, word));
  }
  return chains;
}

class RescalingTest
    : public ::testing::TestWithParam<std::tuple<std::pair<std::uint32_t, std::uint32_t>, int>> {};

TEST_P(RescalingTest, EverySubtaskHasExactlyWhatBelongsToIt) {
  const auto [change, keys] = GetParam();
  const auto [before, after] = change;
  Chains old = started(before, keys);
  const auto entries = keyedContents(old);
  ASSERT_EQ(entries.size(), static_cast<std::size_t>(keys) * 3);
  const auto split = flat(lists(old, 1));
  for (const std::uint32_t parallelism : {after, before}) {  // There, and back again.
    const auto all = flat(lists(old, 2));
    const auto metadata = snapshotOf(old);
    auto now = restored(restoresAt(metadata, parallelism), parallelism);
    ASSERT_TRUE(now.has_value()) << now.error().text();
    EXPECT_EQ(keyedContents(*now), entries);
    EXPECT_EQ(flat(lists(*now, 1)), split);
    for (const auto& one : lists(*now, 2)) {
      EXPECT_EQ(one, all);
    }
    for (const auto& one : lists(*now, 3)) {
      EXPECT_EQ(one, (std::vector<std::string>{"rule 1", "rule 2"}));
    }
    old = *std::move(now);
  }
}

using Change = std::pair<std::uint32_t, std::uint32_t>;
INSTANTIATE_TEST_SUITE_P(Matrix,
                         RescalingTest,
                         ::testing::Combine(::testing::Values(Change{1, 4},
                                                              Change{4, 1},
                                                              Change{2, 3},
                                                              Change{3, 2},
                                                              Change{1, 128},
                                                              Change{128, 5},
                                                              Change{4, 4}),
                                            ::testing::Values(0, 7, 500)));

/// The error of restoring a snapshot of three subtasks at two after `change` was done to the
/// orders.
template <typename ChangeOrders>
std::string errorAfter(ChangeOrders change) {
  Chains old = started(3, 200);
  runtime::Restores restores = restoresAt(snapshotOf(old), 2);
  change(restores);
  const auto now = restored(restores, 2);
  return now.has_value() ? "" : now.error().text();
}

TEST(RescalingTest, ASectionThatDoesNotArriveIsMissed) {
  EXPECT_EQ(
      errorAfter([](runtime::Restores& restores) { restores.tasks[0].operators[0].count -= 1; }),
      "the state of 1 of 2 subtasks that it is to be restored from was not sent");
  EXPECT_THAT(
      errorAfter([](runtime::Restores& restores) { restores.tasks[1].operators[1].count -= 1; }),
      HasSubstr("the state of 1 of 3 subtasks"));
}

TEST(RescalingTest, ASectionOfAnotherSubtaskIsFound) {
  EXPECT_THAT(errorAfter([](runtime::Restores& restores) {
                std::swap(restores.lists[0][0].handle, restores.lists[0][1].handle);
              }),
              HasSubstr("of state 'amounts' is none of subtask 1 of 3, which is said to have "
                        "written it"));
}

TEST(RescalingTest, ASectionThatArrivesTwiceIsFound) {
  EXPECT_THAT(errorAfter([](runtime::Restores& restores) {
                restores.lists[0][1].old_subtask = restores.lists[0][0].old_subtask;
              }),
              HasSubstr("the state of subtask 1 of 3 was sent twice"));
}

}  // namespace
}  // namespace weir::worker
