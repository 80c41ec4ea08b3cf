// The tiny job of `lifecycle`: an endless, slow source, a little keyed state, a sink that says when
// it got records.
#include "generator.h"

namespace {

class Ticks : public weir::RichSourceFunction<std::uint64_t>,
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
    context.pollAgainAt(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    return weir::InputStatus::kNothingAvailable;
  }

 private:
  std::uint64_t next_ = 0;
};

struct Count : weir::RichMapFunction<std::uint64_t, std::uint64_t> {
  weir::ValueState<std::uint64_t> seen_{*this, "seen", 0};
  std::uint64_t map(const std::uint64_t& /*value*/) override {
    seen_.update(seen_.value() + 1);
    return seen_.value();
  }
};

class FirstRecord : public weir::RichSinkFunction<std::uint64_t> {
 public:
  explicit FirstRecord(std::string events) : events_(std::move(events)) {}
  void invoke(const std::uint64_t& /*value*/) override {
    if (!said_) {
      bench::say(events_, "record");
      said_ = true;
    }
  }

 private:
  std::string events_;
  bool said_ = false;
};

}  // namespace

int main(int argc, char** argv) {
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::seconds(1));
  env.addSource(Ticks{}, "ticks")
      .uid("ticks")
      .keyBy([](const std::uint64_t& value) { return value % 100; })
      .map(Count{})
      .uid("count")
      .addSink(FirstRecord(bench::option(argc, argv, "events", "")));
  env.execute("tiny");
}
