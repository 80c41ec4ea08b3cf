// A job with large state that differs in every snapshot and subtask: `--bytes` in each.
#include <map>
#include <string>

#include <weir/weir.h>

namespace {

// Emits a number every few milliseconds, for ever.
class Ticks : public weir::SourceFunction<std::int64_t> {
 public:
  weir::InputStatus pollNext(weir::SourceContext<std::int64_t>& context) override {
    context.collect(next_++);
    context.pollAgainAt(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    return weir::InputStatus::kNothingAvailable;
  }

 private:
  std::int64_t next_ = 0;
};

class Heavy : public weir::RichMapFunction<std::int64_t, std::int64_t>,
              public weir::Checkpointed<std::string> {
 public:
  explicit Heavy(std::size_t bytes) : bytes_(bytes) {}
  void open(weir::RuntimeContext& context) override {
    subtask_ = static_cast<std::size_t>(context.getIndexOfThisSubtask());
  }
  std::int64_t map(const std::int64_t& number) override { return number; }
  std::string snapshotState(std::uint64_t checkpoint) override {
    std::string state(bytes_, 'x');
    for (std::size_t at = 0; at + 20 < bytes_; at += 4096) {
      state.replace(at,
                    8,
                    std::to_string(10'000'000 +
                                   (checkpoint * 7919 + subtask_ * 1'000'003 + at) % 89'999'999));
    }
    return state;
  }
  void restoreState(const std::string& /*state*/) override {}

 private:
  std::size_t bytes_;
  std::size_t subtask_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::int64_t> flags{{"--bytes", 4 << 20}, {"--interval", 300}};
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[argv[i]] = std::stoll(argv[i + 1]);
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(flags["--interval"]));
  env.addSource(Ticks{}, "Ticks")
      .uid("ticks")
      .map(Heavy(static_cast<std::size_t>(flags["--bytes"])))
      .name("Heavy")
      .uid("heavy")
      .addSink([](const std::int64_t& /*number*/) {})
      .uid("nowhere");
  env.execute("Heavy");
}
