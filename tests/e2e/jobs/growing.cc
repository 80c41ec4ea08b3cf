// Writes each number below COUNT once, slowly, from records of a type that VERSION says: "first",
// "grown" (what "first" wrote migrates to it) or "other" (nothing migrates to it); "direct" is
// "first" with nothing between tasks.
#include <chrono>
#include <string>
#include <thread>

#include "numbers.h"
#include <weir/weir.h>

namespace {

struct First {
  std::int32_t number = 0;
  std::string note;
};
struct Grown {
  std::string remark = "new";
  std::int64_t added = 5;
  std::int64_t number = 0;
};
[[maybe_unused]] inline const auto kRemarkWasNote = weir::renamed<&Grown::remark>("note");
struct Other {
  std::string number;
};

First make(std::int64_t number, First /*as*/) {
  return {static_cast<std::int32_t>(number), "noted"};
}
Grown make(std::int64_t number, Grown /*as*/) { return {"noted", 5, number}; }
Other make(std::int64_t number, Other /*as*/) { return {std::to_string(number)}; }

std::string text(const First& one) { return std::to_string(one.number) + " " + one.note + " 5"; }
std::string text(const Grown& one) {
  return std::to_string(one.number) + " " + one.remark + " " + std::to_string(one.added);
}
std::string text(const Other& one) { return one.number + " noted 5"; }

template <typename T>
void build(weir::StreamExecutionEnvironment& env,
           std::int64_t count,
           std::int64_t slow_micros,
           const std::string& out,
           bool direct = false) {
  auto records = env.addSource(Numbers(count, 0), "Numbers")
                     .uid("numbers")
                     .map([](const std::int64_t& number) { return make(number, T{}); })
                     .name("Records")
                     .uid("records");
  (direct ? records.forward() : records.shuffle())
      .map([slow_micros](const T& one) {
        std::this_thread::sleep_for(std::chrono::microseconds(slow_micros));
        return text(one);
      })
      .name("Slow")
      .uid("slow")
      .writeAsText(out)
      .uid("out");
}

}  // namespace

// VERSION COUNT SLOW_MICROS OUT
int main(int argc, char** argv) {
  if (argc != 5) {
    return 2;
  }
  const std::string version = argv[1];
  const std::int64_t count = std::stoll(argv[2]);
  const std::int64_t slow = std::stoll(argv[3]);
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(300));
  env.checkpointConfig().enableUnalignedCheckpoints();
  if (version == "first") {
    build<First>(env, count, slow, argv[4]);
  } else if (version == "grown") {
    build<Grown>(env, count, slow, argv[4]);
  } else if (version == "direct") {
    build<First>(env, count, slow, argv[4], true);
  } else {
    build<Other>(env, count, slow, argv[4]);
  }
  env.execute("Growing");
}
