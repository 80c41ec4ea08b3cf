// How late records are: each is due at a time of its own, crosses a shuffle, and says when it came.
// The worst lateness of each tenth of a second stands in a file, behind the time of day.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include <weir/weir.h>

namespace {

using Clock = std::chrono::system_clock;  // The same for all processes.

std::int64_t microsNow() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch())
      .count();
}

class Ticks : public weir::RichSourceFunction<std::int64_t> {
 public:
  explicit Ticks(std::int64_t rate) : rate_(rate) {}
  void open(weir::RuntimeContext& /*context*/) override {
    start_ = std::chrono::steady_clock::now();
    micros_ = microsNow();
  }
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    const std::int64_t after = emitted_ * 1'000'000 / rate_;
    const auto due = start_ + std::chrono::microseconds(after);
    if (due > std::chrono::steady_clock::now()) {
      context.pollAgainAt(due);
      return weir::InputStatus::kNothingAvailable;
    }
    context.collect(micros_ + after);
    ++emitted_;
    return weir::InputStatus::kMoreAvailable;
  }

 private:
  std::int64_t rate_;
  std::int64_t emitted_ = 0;
  std::int64_t micros_ = 0;
  std::chrono::steady_clock::time_point start_;
};

class Worst : public weir::RichSinkFunction<std::int64_t> {
 public:
  explicit Worst(std::string file) : file_(std::move(file)) {}
  void open(weir::RuntimeContext& context) override {
    out_ = std::make_shared<std::ofstream>(
        file_ + "-" + std::to_string(context.getIndexOfThisSubtask()), std::ios::app);
  }
  void invoke(const std::int64_t& due) override {
    const std::int64_t now = microsNow();
    worst_ = std::max(worst_, now - due);
    if (now / 100'000 != tenth_) {
      *out_ << tenth_ << " " << worst_ << std::endl;
      tenth_ = now / 100'000;
      worst_ = 0;
    }
  }

 private:
  std::string file_;
  std::shared_ptr<std::ofstream> out_;
  std::int64_t tenth_ = 0;
  std::int64_t worst_ = 0;
};

}  // namespace

int main(int /*argc*/, char** argv) {
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(std::stoll(argv[3])));
  env.setBufferTimeout(std::chrono::milliseconds(5));
  env.addSource(Ticks(std::stoll(argv[2])), "Ticks")
      .shuffle()
      .addSink(Worst(argv[1]))
      .name("Worst");
  env.execute("Lateness");
}
