// Numbers that go round an iteration: each n > 1 is halved, or becomes 3n + 1, until it is 1. How
// often each was seen is keyed state: a record too many or too few on the way back would show.
//   --count N --rate N --out PATH
//   --fan N        every number comes back as N of the same, three times, before it does anything
//   --wait MS      the max wait of the iteration
//   --apart 1      what comes back is of a type of its own
//   --endless 1    1 goes round for ever, too
#include <map>
#include <string>

#include "numbers.h"
#include <weir/weir.h>

namespace {

struct Walk {
  std::int64_t id = 0;
  std::int64_t at = 0;
  std::int64_t depth = 0;  // How often it was multiplied.
};

struct Seen {
  std::int64_t id = 0;
  std::int64_t at = 0;
  std::int64_t depth = 0;
  std::int64_t steps = 0;
};

class Step : public weir::RichFlatMapFunction<Walk, Seen> {
 public:
  explicit Step(std::int64_t fan) : fan_(fan) {}
  void flatMap(const Walk& walk, weir::Collector<Seen>& out) override {
    if (fan_ > 1 && walk.depth < 3) {
      for (std::int64_t i = 0; i < fan_; ++i) {
        out.collect({walk.id, walk.at, walk.depth + 1, 0});
      }
      return;
    }
    steps_.update(steps_.value() + 1);
    const std::int64_t next = walk.at <= 1 ? 1 : (walk.at % 2 == 0 ? walk.at / 2 : 3 * walk.at + 1);
    out.collect({walk.id, next, walk.depth, steps_.value()});
  }

 private:
  std::int64_t fan_;
  weir::ValueState<std::int64_t> steps_{*this, "steps", 0};
};

bool isOver(const Seen& seen) { return seen.at == 1 && seen.steps > 0; }
bool goesOn(const Seen& seen) { return !isOver(seen); }

// Puts what enters and what comes back, which is text, into one stream.
struct Join : weir::CoMapFunction<Walk, std::string, Walk> {
  Walk map1(const Walk& walk) override { return walk; }
  Walk map2(const std::string& text) override {
    Walk walk;
    std::sscanf(text.c_str(), "%ld %ld %ld", &walk.id, &walk.at, &walk.depth);
    return walk;
  }
};

auto stepped(const weir::DataStream<Walk>& walks, std::int64_t fan) {
  return walks.keyBy([](const Walk& walk) { return walk.id; }).flatMap(Step(fan)).uid("steps");
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags = {
      {"rate", "0"}, {"fan", "1"}, {"wait", "0"}, {"apart", "0"}, {"endless", "0"}};
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  const std::int64_t fan = std::stoll(flags["fan"]);
  const auto wait = std::chrono::milliseconds(std::stoll(flags["wait"]));
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(100));
  auto walks = env.addSource(Numbers(std::stoll(flags["count"]), std::stoll(flags["rate"])))
                   .uid("numbers")
                   .map([](const std::int64_t& id) { return Walk{id, id + 1, 0}; });
  auto it = wait.count() == 0 ? walks.iterate() : walks.iterate(wait);
  it.uid("loop");
  const auto finish = [&](const weir::DataStream<Seen>& seen) {
    seen.filter(&isOver)
        .map([](const Seen& one) {
          return std::to_string(one.id) + " " + std::to_string(one.steps);
        })
        .writeAsText(flags["out"])
        .uid("out");
  };
  if (flags["apart"] == "1") {
    auto apart = it.withFeedbackType<std::string>();
    auto seen = stepped(apart.map(Join{}), fan);
    apart.closeWith(seen.filter(&goesOn).map([](const Seen& one) {
      return std::to_string(one.id) + " " + std::to_string(one.at) + " " +
             std::to_string(one.depth);
    }));
    finish(seen);
  } else {
    auto seen = stepped(it, fan);
    const bool endless = flags["endless"] == "1";
    it.closeWith(seen.filter([endless](const Seen& one) { return endless || goesOn(one); })
                     .map([](const Seen& one) { return Walk{one.id, one.at, one.depth}; }));
    finish(seen);
  }
  env.execute("iterating");
}
