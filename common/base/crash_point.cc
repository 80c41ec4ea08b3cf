#include "common/base/crash_point.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace weir {
namespace {

struct Wanted {
  Wanted() {
    const char* text = std::getenv(kCrashAt);
    const std::string_view wanted = text == nullptr ? "" : text;
    const std::size_t colon = wanted.find(':');
    name = wanted.substr(0, colon);
    if (colon != std::string_view::npos) {
      std::from_chars(wanted.data() + colon + 1, wanted.data() + wanted.size(), times);
    }
  }
  std::string name;
  int times = 1;
};

/// One write of a line at the end: processes that die at the same time do not mix theirs.
void note(std::string_view name) {
  const char* path = std::getenv(kCrashLog);
  if (path == nullptr) {
    return;
  }
  const std::string line = std::string(name) + "\n";
  const int file = ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0 || ::write(file, line.data(), line.size()) < 0) {
    std::perror(path);  // Whoever reads it will miss this point.
  }
}

}  // namespace

void crashPoint(std::string_view name) {
  static const Wanted wanted;
  static std::atomic<int> met = 0;
  if (wanted.name.empty() || wanted.name != name || ++met != wanted.times) {
    return;
  }
  note(name);
  ::kill(::getpid(), SIGKILL);
  for (;;) {
    ::pause();  // It is delivered at once, but perhaps to another thread first.
  }
}

}  // namespace weir
