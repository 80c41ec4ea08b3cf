// savepoint: every key of n is written once with 100 pseudo-random bytes, as fast as it goes; then
// keys at random are read and overwritten at a low rate, while savepoints, or checkpoints for
// `incremental`, are taken.
#include <array>

#include "generator.h"

namespace {

struct Write {
  std::uint64_t key;
  std::uint64_t index;
  std::int64_t due;  ///< Steady nanoseconds; 0 while the state is loaded.
};
using Value = std::array<std::uint8_t, 100>;

std::int64_t nanosNow() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

/// Two splits; split s emits index j*2+s for j = 0, 1, ..., from `keys` on at half the rate.
class Writes : public weir::RichSourceFunction<Write>,
               public weir::ListCheckpointed<bench::SplitPosition> {
 public:
  Writes(std::uint64_t keys, std::uint64_t rate)
      : keys_(keys), step_(static_cast<std::int64_t>(2'000'000'000 / rate)) {}

  void restoreState(const std::vector<bench::SplitPosition>& positions) override {
    splits_ = positions;
    restored_ = true;
  }
  std::vector<bench::SplitPosition> snapshotState(std::uint64_t /*checkpoint*/) override {
    return splits_;
  }
  void open(weir::RuntimeContext& context) override {
    const auto p = static_cast<std::uint64_t>(context.getIndexOfThisSubtask());
    const auto parallelism = static_cast<std::uint64_t>(context.getNumberOfParallelSubtasks());
    for (std::uint64_t s = 0; !restored_ && s < 2; ++s) {
      if (s % parallelism == p) {
        splits_.push_back({s, 0});
      }
    }
  }
  weir::InputStatus pollNext(weir::SourceContext<Write>& context) override {
    bool loading = false;
    for (bench::SplitPosition& split : splits_) {
      for (int i = 0; i < 128 && split.next * 2 + split.split < keys_; ++i) {
        const std::uint64_t index = split.next++ * 2 + split.split;
        context.collect({index, index, 0});
        loading = true;
      }
    }
    if (loading) {
      return weir::InputStatus::kMoreAvailable;
    }
    const std::int64_t now = nanosNow();
    for (due_ = due_ == 0 ? now : due_; due_ <= now; due_ += step_) {
      for (bench::SplitPosition& split : splits_) {
        const std::uint64_t index = split.next++ * 2 + split.split;
        context.collect({bench::key(index, keys_), index, due_});
      }
    }
    context.pollAgainAt(std::chrono::steady_clock::time_point(std::chrono::nanoseconds(due_)));
    return weir::InputStatus::kNothingAvailable;
  }

 private:
  std::uint64_t keys_;
  std::int64_t step_;
  std::int64_t due_ = 0;
  std::vector<bench::SplitPosition> splits_;
  bool restored_ = false;
};

/// Says when all is loaded, when the first record came and whether it found its old value, and each
/// second how late the latest one was.
struct Put : weir::RichMapFunction<Write, std::uint64_t> {
  Put(std::uint64_t key_count, std::string events_directory)
      : keys(key_count), events(std::move(events_directory)) {}

  std::uint64_t map(const Write& write) override {
    const std::uint8_t before = write.index < keys ? 0 : value_.value()[99];
    Value value{};
    for (std::size_t i = 0; i < 96; i += 8) {
      const std::uint64_t hash = bench::mix(write.key * 13 + i);
      std::memcpy(value.data() + i, &hash, sizeof hash);
    }
    value[99] = static_cast<std::uint8_t>(before + 1);
    value_.update(value);
    if (!first) {
      first = true;
      bench::say(events, before == 0 ? "first" : "first-with-state");
    }
    if (write.index >= keys) {
      note(write);
    }
    return write.key;
  }

  void note(const Write& write) {
    const std::int64_t now = nanosNow();
    splits_over |= 1U << (write.index % 2);  // One may still load while the other trickles.
    if (!loaded && splits_over == 3) {
      loaded = true;
      said_at = now;
      bench::say(events, "loaded");
    }
    latest = std::max(latest, now - write.due);
    if (loaded && now - said_at > 1'000'000'000) {
      bench::say(events, "late " + std::to_string(latest / 1000));
      said_at = now;
      latest = 0;
    }
  }

  weir::ValueState<Value> value_{*this, "value", Value{}};
  std::uint64_t keys;
  std::string events;
  bool first = false;
  std::uint32_t splits_over = 0;  ///< A bit for each.
  bool loaded = false;
  std::int64_t latest = 0;
  std::int64_t said_at = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t keys = std::stoull(bench::option(argc, argv, "keys", "2000000"));
  const std::uint64_t rate = std::stoull(bench::option(argc, argv, "rate", "1000"));
  const std::string events = bench::option(argc, argv, "events", "");
  // Savepoints ask for a checkpoint; none comes by itself unless `incremental` asks for them.
  const auto interval =
      std::chrono::milliseconds(std::stoll(bench::option(argc, argv, "interval", "3600000")));

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(interval);
  env.setBufferTimeout(std::chrono::milliseconds(0));
  env.addSource(Writes(keys, rate), "writes")
      .uid("writes")
      .keyBy([](const Write& write) { return write.key; })
      .map(Put(keys, events))
      .uid("put")
      .name("put")
      .addSink(bench::Discard<std::uint64_t>(""))
      .name("discard");
  env.execute("savepoint");
}
