#include "common/base/crash_point.h"

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <string>

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

}  // namespace

void crashPoint(std::string_view name) {
  static const Wanted wanted;
  static std::atomic<int> met = 0;
  if (wanted.name.empty() || wanted.name != name || ++met != wanted.times) {
    return;
  }
  ::kill(::getpid(), SIGKILL);
  for (;;) {
    ::pause();  // It is delivered at once, but perhaps to another thread first.
  }
}

}  // namespace weir
