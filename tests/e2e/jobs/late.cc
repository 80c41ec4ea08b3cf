// Counts ten keys in a state "seen" and keeps their last values in a list "last", up to COUNT.
// VERSION says how the two are known: `early` as members, `late` in open(), `text` and `map` in
// open() as other types, `forgets` asks for one only. Writes "<key> <count> <values>" to OUT.
#include <chrono>
#include <string>
#include <thread>

#include <weir/weir.h>

namespace {

using Lines = weir::RichMapFunction<std::int64_t, std::string>;

std::string line(std::int64_t value,
                 weir::ValueState<std::int64_t>& seen,
                 weir::ListState<std::int64_t>& last) {
  seen.update(seen.value() + 1);
  last.add(value);
  return std::to_string(value % 10) + " " + std::to_string(seen.value()) + " " +
         std::to_string(last.size());
}

struct Early : Lines {
  weir::ValueState<std::int64_t> seen_{*this, "seen", 0};
  weir::ListState<std::int64_t> last_{*this, "last"};
  std::string map(const std::int64_t& value) override { return line(value, seen_, last_); }
};

struct Late : Lines {
  weir::ValueState<std::int64_t> seen_;
  weir::ListState<std::int64_t> last_;
  void open(weir::RuntimeContext& context) override {
    seen_ = context.getState(weir::ValueStateDescriptor<std::int64_t>("seen"));
    last_ = context.getListState(weir::ListStateDescriptor<std::int64_t>("last"));
  }
  std::string map(const std::int64_t& value) override { return line(value, seen_, last_); }
};

struct Other : Lines {
  std::string how_;
  explicit Other(std::string how) : how_(std::move(how)) {}
  void open(weir::RuntimeContext& context) override {
    if (how_ == "map") {
      context.getMapState(weir::MapStateDescriptor<int, int>("last"));
    }
    if (how_ == "text") {
      context.getState(weir::ValueStateDescriptor<std::string>("seen"));
    } else {
      context.getState(weir::ValueStateDescriptor<std::int64_t>("seen"));
    }
  }
  std::string map(const std::int64_t& value) override { return std::to_string(value); }
};

struct Numbers : weir::RichSourceFunction<std::int64_t>, weir::Checkpointed<std::int64_t> {
  std::int64_t count_;
  std::int64_t next_ = 0;
  explicit Numbers(std::int64_t count) : count_(count) {}
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    if (next_ == count_) {
      return weir::InputStatus::kEndOfInput;
    }
    context.collect(next_++);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return weir::InputStatus::kMoreAvailable;
  }
  std::int64_t snapshotState(std::uint64_t /*id*/) override { return next_; }
  void restoreState(const std::int64_t& next) override { next_ = next; }
};

}  // namespace

int main(int, char** argv) {
  const std::string version = argv[1];
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(200));
  auto keyed =
      env.addSource(Numbers{std::stol(argv[2])}).setParallelism(1).keyBy([](std::int64_t value) {
        return value % 10;
      });
  auto lines = version == "early"  ? keyed.map(Early{})
               : version == "late" ? keyed.map(Late{})
                                   : keyed.map(Other{version});
  lines.uid("lines").name("Lines").writeAsText(argv[3], weir::WriteMode::kOverwrite);
  env.execute("Late state");
}
