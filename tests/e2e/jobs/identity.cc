// Two counts in a row, A and B, without uids: `inserted` puts a third of the same kind between
// them, `second` a second consumer below. `failing` throws eight megabytes after a while.
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include <weir/weir.h>

namespace {

struct Count : weir::RichMapFunction<std::int64_t, std::int64_t> {
  weir::ValueState<std::int64_t> seen_{*this, "seen", 0};
  std::int64_t map(const std::int64_t& value) override {
    seen_.update(seen_.value() + 1);
    return value;
  }
};

struct Slow : weir::RichSourceFunction<std::int64_t> {
  std::int64_t next_ = 0;
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    context.collect(next_++);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return weir::InputStatus::kMoreAvailable;
  }
};

std::int64_t keyOf(const std::int64_t& value) { return value % 10; }

}  // namespace

int main(int argc, char** argv) {
  const std::string change = argc > 1 ? argv[1] : "";
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(200));
  auto counted = env.addSource(Slow{}).keyBy(keyOf).map(Count{}).name("A");
  if (change == "inserted") {
    counted = counted.keyBy(keyOf).map(Count{}).name("C");
  }
  auto last = counted.keyBy(keyOf).map(Count{}).name("B");
  const auto none = [](const std::int64_t& value) { return value < 0; };
  last.filter(none).print();
  if (change == "second") {
    last.filter(none).print();
  }
  if (change == "failing") {
    last.filter([](const std::int64_t& value) {
          if (value > 100) {
            throw std::runtime_error("first words " + std::string(8 << 20, 'x'));
          }
          return false;
        })
        .print();
  }
  env.execute(argc > 2 ? argv[2] : "Identity");
}
