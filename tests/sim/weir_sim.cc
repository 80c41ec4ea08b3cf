// weir-sim --seed N --count M: replays seeds of the simulation.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "common/telemetry/log.h"
#include "tests/sim/scenario.h"

int main(int argc, char** argv) {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--verbose") {
      verbose = true;
    } else if (i + 1 < argc && option == "--seed") {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (i + 1 < argc && option == "--count") {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr, "usage: weir-sim [--seed N] [--count M] [--verbose]\n");
      return 2;
    }
  }
  const auto level = verbose ? weir::log::Level::kDebug : weir::log::Level::kError;
  static_cast<void>(weir::log::configure({.level = level, .file = {}, .rotate = 0}));
  for (std::uint64_t one = seed; one < seed + count; ++one) {
    if (const std::string violation = weir::sim::runScenario(one); !violation.empty()) {
      std::printf("seed %llu: %s\nreplay: weir-sim --seed %llu --verbose\n",
                  static_cast<unsigned long long>(one),
                  violation.c_str(),
                  static_cast<unsigned long long>(one));
      return 1;
    }
  }
  std::printf("%llu seeds, nothing violated\n", static_cast<unsigned long long>(count));
  return 0;
}
