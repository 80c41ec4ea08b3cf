#include "common/config/configuration.h"

#include <sys/mman.h>
#include <unistd.h>

#include "common/config/source_file.h"
#include "common/config/value.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {
namespace {

/// A file in memory that has a path.
class TextFile {
 public:
  explicit TextFile(std::string_view text) : file_(::memfd_create("conf", MFD_CLOEXEC)) {
    check(
        file_ >= 0 && ::write(file_, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
        "there is a file in memory");
  }
  ~TextFile() { ::close(file_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(file_); }

 private:
  int file_;
};

void checkFile(std::string_view text) {
  const TextFile file(text);
  config::Warnings warnings;
  std::vector<Error> problems;
  const auto checked = config::Configuration::check(file.path(), {}, warnings, problems);
  for (const Error& problem : problems) {
    check(!problem.text().empty(), "a problem says what is wrong");
  }
  const auto loaded = config::Configuration::load(file.path(), {}, warnings);
  check(loaded.has_value() == problems.empty(), "a file without problems can be loaded");
  const auto travelled = config::Configuration::fromMap(checked.toMap());
  check(travelled.has_value() && travelled->toMap() == checked.toMap(), "values can travel");
}

void checkValues(std::string_view text) {
  (void)config::parseInteger(text);
  (void)config::parseNumber(text);
  (void)config::parseBoolean(text);
  (void)config::parseList(text);
  if (const auto duration = config::parseDuration(text); duration.has_value()) {
    const auto again = config::parseDuration(config::formatDuration(*duration));
    check(again.has_value() && *again == *duration, "a duration reads as it is written");
  }
  if (const auto size = config::parseMemorySize(text); size.has_value()) {
    const auto again = config::parseMemorySize(config::formatMemorySize(*size));
    check(again.has_value() && *again == *size, "a size of memory reads as it is written");
  }
}

}  // namespace

std::vector<std::string> seeds() {
  return {
      "# comment\njobmanager.rpc.address: localhost\njobmanager.rpc.port: 6123\n"
      "taskmanager.numberOfTaskSlots: 2 # two\nstate.backend: filesystem\n"
      "state.backend.fs.checkpointdir: file:///tmp/checkpoints\n",
      "restart-strategy:\n  type: fixed-delay\n  fixed-delay:\n    attempts: 3\n"
      "    delay: 10 s\nconfig.strict: false\nunknown: [a, b]\n",
      "a: &x\n  b: *x\n",
      "t:\n  a: &a {x: 1}\n  b: &b {x: *a, y: *a}\n  c: {x: *b, y: *b}\n",
      "akka.ask.timeout: \"10 s\"\njobmanager.heap.mb: 256\n",
      "PT1M30S",
      "10 min",
      "64 mb",
      "1.5e3"};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::checkFile(weir::fuzz::view(data, size));
  weir::fuzz::checkValues(weir::fuzz::view(data, size));
  return 0;
}
