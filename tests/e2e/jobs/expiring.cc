// Counts how often each of fifty keys has come, in state that expires: first all of them once, then
// another key alone, until the file of --again is there; then the fifty again, over and over.
//   --ttl MS      how long a count lives (0: for ever)
//   --again FILE
//   --out PATH    one line a record of the fifty: key and count
#include <filesystem>
#include <map>
#include <string>

#include "numbers.h"
#include <weir/weir.h>

namespace {

constexpr std::int64_t kKeys = 50;

weir::StateTtlConfig ttlOf(std::int64_t milliseconds) {
  return milliseconds == 0
             ? weir::StateTtlConfig()
             : weir::StateTtlConfig::newBuilder(weir::Time::milliseconds(milliseconds)).build();
}

class Count : public weir::RichMapFunction<std::int64_t, std::string> {
 public:
  explicit Count(std::int64_t ttl)
      : count_(*this, "count", 0, ttlOf(ttl)), seen_(*this, "seen", ttlOf(ttl)) {}
  std::string map(const std::int64_t& key) override {
    const std::int64_t count = count_.value() + 1;
    count_.update(count);
    seen_.put(count % 3, key);
    return std::to_string(key) + " " + std::to_string(count);
  }

 private:
  weir::ValueState<std::int64_t> count_;
  weir::MapState<std::int64_t, std::int64_t> seen_;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(100));
  env.addSource(Numbers(1 << 30, 500))
      .uid("numbers")
      .map([again = flags["again"]](const std::int64_t& id) {
        return id < kKeys || std::filesystem::exists(again) ? id % kKeys : kKeys;
      })
      .keyBy([](const std::int64_t& key) { return key; })
      .map(Count(std::stoll(flags["ttl"])))
      .uid("counts")
      .filter(
          [](const std::string& line) { return !line.starts_with(std::to_string(kKeys) + " "); })
      .writeAsText(flags["out"])
      .uid("out");
  env.execute("expiring");
}
