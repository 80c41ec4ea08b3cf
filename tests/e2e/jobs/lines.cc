// Writes the numbers below N as lines, each exactly once, through whatever happens to it.
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "numbers.h"
#include <weir/weir.h>

namespace {

// A sink of the program's own, outside of all that Weir commits: a line for each record, at once,
// in a file of the attempt's.
class OwnSink : public weir::RichSinkFunction<std::string> {
 public:
  explicit OwnSink(std::string folder) : folder_(std::move(folder)) {}

  void open(weir::RuntimeContext& context) override {
    const std::string path = folder_ + "/" + std::to_string(context.getAttemptNumber()) + "-" +
                             std::to_string(context.getIndexOfThisSubtask());
    file_ = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) {
      throw std::runtime_error("cannot open " + path);
    }
  }
  void invoke(const std::string& line) override {
    const std::string whole = line + "\n";
    if (::write(file_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
      throw std::runtime_error("cannot write");
    }
  }
  void close() override { ::close(file_); }

 private:
  std::string folder_;
  int file_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[argv[i]] = argv[i + 1];
  }
  const auto number = [&](const char* name, std::int64_t fallback) {
    return flags.contains(name) ? std::stoll(flags[name]) : fallback;
  };
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (const std::int64_t interval = number("--interval", 200); interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(interval));
  } else {
    env.setRestartStrategy(
        weir::RestartStrategies::fixedDelay(100, std::chrono::milliseconds(100)));
  }
  const auto mode =
      number("--overwrite", 0) != 0 ? weir::WriteMode::kOverwrite : weir::WriteMode::kNoOverwrite;
  auto numbers =
      env.addSource(Numbers(number("--count", 1000), number("--rate", 0))).uid("numbers");
  auto lines = numbers.rebalance()
                   .map([](std::int64_t value) { return std::to_string(value); })
                   .uid("lines");
  if (flags.contains("--print")) {
    lines.print().uid("print");
  } else if (flags.contains("--own")) {
    lines.addSink(OwnSink(flags["--own"])).uid("own");
  } else {
    lines.writeAsText(flags["--out"], mode).uid("out");
  }
  if (flags.contains("--second")) {
    lines.writeAsText(flags["--second"], mode).uid("second");
  }
  env.execute("lines");
}
