// A job whose keys come and go: of LIVE keys each is visited VISITS times, in turn, and forgotten
// at the last visit; then come other keys. It fails where a visit does not find what the one before
// has left.
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>

#include "numbers.h"
#include <weir/weir.h>

namespace {

struct Visits {
  std::int64_t count = 0;
  std::string padding;
};

struct Numbered {
  std::int64_t key = 0;
  std::int64_t visit = 0;  // The first is 1.
};

struct Visit : weir::RichMapFunction<Numbered, std::int64_t> {
  weir::ValueState<Visits> seen_{*this, "seen", Visits{}};
  std::int64_t visits;
  std::size_t bytes;
  Visit(std::int64_t visits_, std::size_t bytes_) : visits(visits_), bytes(bytes_) {}
  std::int64_t map(const Numbered& one) override {
    Visits seen = seen_.value();
    ++seen.count;
    if (seen.count != one.visit) {
      throw std::runtime_error("key " + std::to_string(one.key) + " was visited " +
                               std::to_string(seen.count) + " times, and " +
                               std::to_string(one.visit) + " would be right");
    }
    if (seen.count == visits) {
      seen_.clear();
      return one.key;
    }
    seen.padding.assign(bytes, static_cast<char>('a' + one.key % 26));
    seen_.update(seen);
    return one.key;
  }
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::int64_t> flags{{"--live", 20000},
                                            {"--visits", 5},
                                            {"--bytes", 200},
                                            {"--rate", 10000},
                                            {"--interval", 100},
                                            {"--count", std::int64_t{1} << 40}};
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[argv[i]] = std::stoll(argv[i + 1]);
  }
  const std::int64_t live = flags["--live"];  // A multiple of the parallelism.
  const std::int64_t visits = flags["--visits"];
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(flags["--interval"]));
  env.addSource(Numbers(flags["--count"], flags["--rate"]), "Numbers")
      .uid("numbers")
      .map([live, visits](const std::int64_t& number) {
        const std::int64_t generation = number / (live * visits);
        return Numbered{generation * live + number % live, number / live % visits + 1};
      })
      .uid("number")
      .keyBy([](const Numbered& one) { return one.key; })
      .map(Visit(visits, static_cast<std::size_t>(flags["--bytes"])))
      .name("Visit")
      .uid("visit")
      .addSink([](const std::int64_t& /*key*/) {})
      .uid("nowhere");
  env.execute("Churning");
}
