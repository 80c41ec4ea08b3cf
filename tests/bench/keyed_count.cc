// keyed_count: (key(i, k), 1) -> keyBy(first) -> sum in keyed value state, emits (key, sum) ->
// sink.
#include "generator.h"

namespace {

struct Pair {
  std::uint64_t key;
  std::uint64_t value;
};

struct Sum : weir::RichMapFunction<Pair, Pair> {
  weir::ValueState<std::uint64_t> sum_{*this, "sum", 0};
  Pair map(const Pair& pair) override {
    const std::uint64_t sum = sum_.value() + pair.value;
    sum_.update(sum);
    return {pair.key, sum};
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t n = std::stoull(bench::option(argc, argv, "n", "60000000"));
  const std::uint64_t keys = std::stoull(bench::option(argc, argv, "k", "1000000"));
  const auto interval = std::stoll(bench::option(argc, argv, "checkpoint", "0"));
  const std::string events = bench::option(argc, argv, "events", "");

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(interval));
  }
  const auto make = [keys](std::uint64_t index) { return Pair{bench::key(index, keys), 1}; };
  env.addSource(bench::IndexSource<Pair, decltype(make)>(n, make), "source")
      .uid("source")
      .keyBy([](const Pair& pair) { return pair.key; })
      .map(Sum{})
      .uid("sum")
      .name("sum")
      .addSink(bench::Discard<Pair>(events))
      .name("discard");
  env.execute("keyed_count");
}
