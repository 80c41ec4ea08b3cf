// The short form of a fuzz target, for every run of the tests: the seeds, every flipped bit and
// every truncation of the small ones, and seeded random mutations, until the time is used up.
// Usage: NAME [--seconds S] [--seed N], or NAME FILE|DIRECTORY... to run inputs again.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>

#include <sys/resource.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

extern "C" void __sanitizer_set_death_callback(void (*callback)()) __attribute__((weak));

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSmall = 512;  // Bytes of a seed of which every bit is flipped.
constexpr int kMutations = 5000;
constexpr unsigned kPatience = 20;  // Seconds that one input may take.
constexpr rlim_t kMostMemory = rlim_t{2} << 30;

std::string current;  // The input at hand, for whoever reports a crash.

void saveCurrent() {
  std::ofstream("fuzz-crash.bin", std::ios::binary) << current;
  std::cerr << "fuzz: the input is in fuzz-crash.bin; give that file as argument to replay it"
            << std::endl;
}

void onSignal(int signal) {
  std::cerr << "fuzz: signal " << signal << (signal == SIGALRM ? ": this input hangs" : "")
            << std::endl;
  saveCurrent();
  ::_exit(1);
}

void run(std::string input) {
  current = std::move(input);
  ::alarm(kPatience);
  // Exactly as long as the input, so that the address sanitizer sees reads beyond its end.
  const std::vector<std::uint8_t> bytes(current.begin(), current.end());
  (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

/// One to four edits, of the kinds that find most: flips, odd numbers, cuts, copies.
std::string mutate(std::string input,
                   const std::vector<std::string>& seeds,
                   std::mt19937_64& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  constexpr unsigned char kOdd[] = {0, 1, 0x7F, 0x80, 0xFF, 0xFE};
  for (std::size_t edits = 1 + below(4); edits > 0; --edits) {
    const std::size_t at = below(input.size());
    if (input.empty()) {
      input.push_back(static_cast<char>(random()));
      continue;
    }
    switch (below(7)) {
      case 0:
        input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      case 1:
        input[at] = static_cast<char>(random());
        break;
      case 2:
        input[at] = static_cast<char>(kOdd[below(std::size(kOdd))]);
        break;
      case 3:
        input.erase(at, 1 + below(8));
        break;
      case 4:
        input.insert(at, 1 + below(10), static_cast<char>(kOdd[below(std::size(kOdd))]));
        break;
      case 5:
        input.insert(at, input.substr(below(input.size()), 1 + below(32)));
        break;
      default: {
        const std::string& other = seeds[below(seeds.size())];
        input = input.substr(0, at) + other.substr(std::min(other.size(), below(other.size() + 1)));
      }
    }
  }
  return input;
}

int runAll(double seconds, std::uint64_t seed) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  const std::vector<std::string> seeds = weir::fuzz::seeds();
  std::size_t inputs = 0;
  const auto next = [&](std::string input) {
    run(std::move(input));
    return ++inputs % 16 != 0 || Clock::now() < deadline;
  };
  bool more = next("");
  for (const std::string& image : seeds) {
    more = next(image) && more;
  }
  std::mt19937_64 random(seed);
  for (int i = 0; i < kMutations && more; ++i) {
    more = next(mutate(seeds[random() % seeds.size()], seeds, random));
  }
  for (std::size_t at = 0; at < kSmall && more; ++at) {
    for (const std::string& image : seeds) {
      if (at >= image.size() || image.size() > kSmall) {
        continue;
      }
      more = more && next(image.substr(0, at));
      for (int bit = 0; bit < 8 && more; ++bit) {
        std::string damaged = image;
        damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
        more = next(std::move(damaged));
      }
    }
  }
  std::cout << inputs << " inputs" << (more ? "" : ", stopped by the clock") << std::endl;
  return 0;
}

void runFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  weir::fuzz::check(file.is_open(), "an input to run again is there");
  run({std::istreambuf_iterator<char>(file), {}});
}

int runAgain(const std::vector<std::string>& paths) {
  std::size_t inputs = 0;
  for (const std::string& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      runFile(path);
      ++inputs;
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      runFile(entry.path());
      ++inputs;
    }
  }
  std::cout << inputs << " inputs run again" << std::endl;
  return inputs == 0 ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  const rlimit limit{kMostMemory, kMostMemory};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
  for (const int signal : {SIGABRT, SIGALRM}) {
    std::signal(signal, onSignal);
  }
  if (__sanitizer_set_death_callback != nullptr) {
    __sanitizer_set_death_callback(saveCurrent);
  }
  double seconds = 0.9;
  std::uint64_t seed = 1;
  std::vector<std::string> files;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--seconds" && i + 1 < argc) {
      seconds = std::strtod(argv[++i], nullptr);
    } else if (argument == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else {
      files.push_back(argument);
    }
  }
  return files.empty() ? runAll(seconds, seed) : runAgain(files);
}

/// One allocation of this size is a decoder that believed a length.
extern "C" const char* __asan_default_options() {  // NOLINT: the sanitizer's name.
  return "max_allocation_size_mb=512";
}
