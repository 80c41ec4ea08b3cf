// The program that users are shown, with a source and a mapper to match.
#include <weir/weir.h>

struct Trade {
  std::string symbol;
  double price;
  std::int64_t time;
};  // aggregates serialize by themselves

struct CountPerWord : weir::RichMapFunction<std::string, std::string> {
  weir::ValueState<std::int64_t> seen_{*this, "seen", 0};  // declared: known before anything runs
  std::string map(const std::string& word) override {
    seen_.update(seen_.value() + 1);
    return word + "=" + std::to_string(seen_.value());
  }
};

struct StatefulSource : weir::SourceFunction<std::string>, weir::Checkpointed<std::int64_t> {
  std::int64_t next = 0;
  weir::InputStatus pollNext(weir::SourceContext<std::string>& ctx) override {
    ctx.collect("word" + std::to_string(next % 3));
    return ++next < 30 ? weir::InputStatus::kMoreAvailable : weir::InputStatus::kEndOfInput;
  }
  std::int64_t snapshotState(std::uint64_t /*checkpointId*/) override { return next; }
  void restoreState(const std::int64_t& state) override { next = state; }
};

struct StatefulMapper : weir::MapFunction<std::string, std::string>,
                        weir::Checkpointed<std::int64_t> {
  std::int64_t mapped = 0;
  std::string map(const std::string& word) override {
    ++mapped;
    return word;
  }
  std::int64_t snapshotState(std::uint64_t /*checkpointId*/) override { return mapped; }
  void restoreState(const std::int64_t& state) override { mapped = state; }
};

int main(int argc, char** argv) {
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.setParallelism(2);
  env.enableCheckpointing(std::chrono::seconds(1));
  env.addSource(StatefulSource{})
      .uid("source-id")
      .shuffle()
      .map(StatefulMapper{})
      .uid("mapper-id")  // operator state through Checkpointed<S>
      .keyBy([](const std::string& s) { return s; })
      .map(CountPerWord{})
      .uid("keyed-id")
      .name("Count per word")
      .print();
  env.execute("Stateful example");
}
