#include <deque>
#include <map>
#include <memory>
#include <random>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "common/functions/iteration_head.h"
#include "common/functions/iteration_tail.h"
#include "common/functions/signal_join.h"
#include "tests/unit/common/functions/fakes.h"

/// Iterations of several subtasks whose records cross over, in any order of events, with a snapshot
/// somewhere and a restore at another parallelism: every record goes round as often as it has to.
namespace weir::functions {
namespace {

using Counts = std::map<int, int>;  // How often each number was seen.
constexpr CheckpointId kSnapshot(7);

/// What a job's snapshot has.
struct Saved {
  Snapshots heads;
  Snapshots tails;
  Counts seen;
  std::vector<int> input;  // That is still to come.
};

class World;

/// The body of a loop in one subtask: counts each number, and sends the next smaller one round.
class Body final : public Receiver<int> {
 public:
  Body(World& world, std::uint32_t subtask) : world_(world), subtask_(subtask) {}
  void receive(Batch<int>& batch) override;
  void receive(const Signal& signal) override;

  Counts seen;
  Counts saved;

 private:
  World& world_;
  std::uint32_t subtask_;
};

class World {
 public:
  World(std::uint32_t parallelism, std::uint64_t seed, std::vector<int> input, const Saved* from)
      : random_(seed), input_(std::move(input)), edges_(parallelism) {
    for (std::uint32_t i = 0; i < parallelism; ++i) {
      subtasks_.push_back(std::make_unique<Subtask>(*this, i, parallelism));
      edges_[i].resize(parallelism);
    }
    for (auto& one : subtasks_) {
      if (from != nullptr) {
        const OperatorRestore heads = from->heads.restoreFor(one->context.task());
        const OperatorRestore tails = from->tails.restoreFor(one->context.task());
        EXPECT_TRUE(one->tail.restore(tails).has_value());
        EXPECT_TRUE(one->head.restore(heads).has_value());
      }
      one->head.open();
    }
    if (from != nullptr) {
      subtasks_[0]->body.seen = from->seen;
    }
  }
  ~World() {
    for (auto& one : subtasks_) {
      one->head.close();
    }
  }

  void send(std::uint32_t from, int value) {
    edges_[from][static_cast<std::uint32_t>(value * 7 + 3) % edges_.size()].push_back(value);
  }
  void send(std::uint32_t from, const Signal& signal) {
    for (auto& edge : edges_[from]) {
      edge.push_back(signal);
    }
  }

  /// One event of those that may come next; false: none may.
  bool step() {
    for (int tries = 0; tries < 20'000; ++tries) {
      const auto one = static_cast<std::uint32_t>(random_() % subtasks_.size());
      switch (random_() % 4) {
        case 0:
          if (feedInput(one)) {
            return true;
          }
          break;
        case 1:
          if (subtasks_[one]->head.isReady()) {
            subtasks_[one]->head.handOut();
            return true;
          }
          break;
        case 2:
          subtasks_[one]->context.time().advanceTo(subtasks_[one]->context.time().now() + 11);
          break;
        default:
          if (deliver(static_cast<std::uint32_t>(random_() % subtasks_.size()), one)) {
            return true;
          }
      }
    }
    return false;
  }
  /// Barriers are about to come to every head.
  void begin() {
    for (auto& one : subtasks_) {
      one->barrier_due = true;
    }
    saved_input_ = input_;
  }
  bool isSaved() const {
    for (const auto& one : subtasks_) {
      if (!one->tail_saved) {
        return false;
      }
    }
    return true;
  }
  bool hasEnded() const {
    for (const auto& one : subtasks_) {
      if (!one->input_ended || one->head.holdsEnd()) {
        return false;
      }
    }
    return true;
  }
  Counts seen() const {
    Counts all;
    for (const auto& one : subtasks_) {
      for (const auto& [value, count] : one->body.seen) {
        all[value] += count;
      }
    }
    return all;
  }
  Saved saved() {
    Saved all = std::move(saved_);
    for (const auto& one : subtasks_) {
      for (const auto& [value, count] : one->body.saved) {
        all.seen[value] += count;
      }
    }
    all.input = saved_input_;
    return all;
  }

 private:
  using Event = std::variant<int, Signal>;
  struct Subtask {
    Subtask(World& world, std::uint32_t index, std::uint32_t parallelism)
        : context(index, parallelism),
          head(world.hub_, {1, 0}),
          tail(world.hub_, 1),
          body(world, index),
          join(parallelism),
          blocked(parallelism) {
      head.setup(context);
      tail.setup(context);
      head.addOutput(body);
    }
    FakeContext context;
    IterationHead<int, int, false> head;
    IterationTail<int> tail;
    Body body;
    SignalJoin join;
    std::vector<bool> blocked;  // Channels whose barrier waits for the others.
    bool barrier_due = false;
    bool tail_saved = false;
    bool input_ended = false;
  };

  /// The input of a subtask goes on: a barrier that is due, else a number, else its end. No number
  /// comes between two barriers of one snapshot: the input would have to be saved by subtask.
  bool feedInput(std::uint32_t index) {
    Subtask& one = *subtasks_[index];
    if (std::exchange(one.barrier_due, false)) {
      one.head.receive(Signal(Barrier{kSnapshot}));
      saved_.heads.take(one.head, index);
      return true;
    }
    for (const auto& other : subtasks_) {
      if (other->barrier_due) {
        return false;
      }
    }
    if (!input_.empty()) {
      feed<int>(one.head, {input_.back()});
      input_.pop_back();
      return true;
    }
    if (!std::exchange(one.input_ended, true)) {
      one.head.receive(Signal(EndOfInput{}));
      return true;
    }
    return false;
  }
  bool deliver(std::uint32_t from, std::uint32_t to) {
    Subtask& one = *subtasks_[to];
    auto& edge = edges_[from][to];
    if (edge.empty() || one.blocked[from]) {
      return false;
    }
    const Event event = edge.front();
    edge.pop_front();
    if (const int* value = std::get_if<int>(&event)) {
      feed<int>(one.tail, {*value});
      return true;
    }
    const Signal& signal = std::get<Signal>(event);
    one.blocked[from] = std::holds_alternative<Barrier>(signal);
    for (auto joined = one.join.join(from, signal); joined; joined = one.join.more()) {
      one.tail.receive(*joined);
      if (std::holds_alternative<Barrier>(*joined)) {
        saved_.tails.take(one.tail, to);
        one.tail_saved = true;
        one.blocked.assign(one.blocked.size(), false);
      }
    }
    return true;
  }

  std::mt19937_64 random_;
  std::shared_ptr<FeedbackHub> hub_ = std::make_shared<FeedbackHub>();
  std::vector<int> input_;
  std::vector<int> saved_input_;
  std::vector<std::vector<std::deque<Event>>> edges_;  // From a body to a tail.
  std::vector<std::unique_ptr<Subtask>> subtasks_;
  Saved saved_;
};

void Body::receive(Batch<int>& batch) {
  for (const int value : batch.records) {
    ++seen[value];
    if (value > 1) {
      world_.send(subtask_, value - 1);
    }
  }
}
void Body::receive(const Signal& signal) {
  if (std::holds_alternative<Barrier>(signal)) {
    saved = seen;
  }
  world_.send(subtask_, signal);
}

Counts expectedOf(const std::vector<int>& input) {
  Counts all;
  for (const int start : input) {
    for (int value = start; value >= 1; --value) {
      ++all[value];
    }
  }
  return all;
}

TEST(IterationModelTest, InAnyOrderOfEventsNothingIsLostAndNothingRepeated) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<int> input;
    for (std::uint64_t i = random() % 20; i > 0; --i) {
      input.push_back(static_cast<int>(1 + random() % 9));
    }
    const Counts expected = expectedOf(input);
    World first(static_cast<std::uint32_t>(1 + random() % 3), seed, input, nullptr);
    for (std::uint64_t i = random() % 60; i > 0; --i) {
      first.step();
    }
    first.begin();
    while (!first.isSaved()) {
      ASSERT_TRUE(first.step()) << "seed " << seed;
    }
    const Saved saved = first.saved();
    while (!first.hasEnded()) {
      ASSERT_TRUE(first.step()) << "seed " << seed;
    }
    EXPECT_EQ(first.seen(), expected) << "seed " << seed << ", without a failure";

    World second(static_cast<std::uint32_t>(1 + random() % 3), seed + 1, saved.input, &saved);
    while (!second.hasEnded()) {
      ASSERT_TRUE(second.step()) << "seed " << seed << ", restored";
    }
    EXPECT_EQ(second.seen(), expected) << "seed " << seed << ", restored";
  }
}

}  // namespace
}  // namespace weir::functions
