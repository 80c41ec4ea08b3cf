// The job of `pressed`: numbers as fast as they are taken, two shuffles by key, and a sink that
// takes 10 ms for a record, so that everything before it is full.
#include <chrono>
#include <string>
#include <thread>

#include "generator.h"

namespace {

class Endless : public weir::RichSourceFunction<std::uint64_t>,
                public weir::ListCheckpointed<std::uint64_t> {
 public:
  std::vector<std::uint64_t> snapshotState(std::uint64_t /*checkpoint*/) override {
    return {next_};
  }
  void restoreState(const std::vector<std::uint64_t>& state) override {
    next_ = state.empty() ? 0 : state.front();
  }
  weir::InputStatus pollNext(weir::SourceContext<std::uint64_t>& context) override {
    context.collect(next_++);
    return weir::InputStatus::kMoreAvailable;
  }

 private:
  std::uint64_t next_ = 0;
};

struct Sum : weir::RichMapFunction<std::uint64_t, std::uint64_t> {
  weir::ValueState<std::uint64_t> sum_{*this, "sum", 0};
  std::uint64_t map(const std::uint64_t& value) override {
    sum_.update(sum_.value() + 1);
    return value;
  }
};

class Slow : public weir::RichSinkFunction<std::uint64_t> {
 public:
  void invoke(const std::uint64_t& /*value*/) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
};

}  // namespace

int main() {
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::seconds(1));
  env.addSource(Endless{}, "endless")
      .uid("endless")
      .keyBy([](const std::uint64_t& value) { return value % 1000; })
      .map(Sum{})
      .uid("sum")
      .keyBy([](const std::uint64_t& value) { return value % 999; })
      .addSink(Slow{});
  env.execute("pressed");
}
