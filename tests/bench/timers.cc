// What a timer costs to set and to fire: a million of them in the tables of an operator, without a
// job. Prints nanoseconds a timer, the best of five runs each.
#include "common/state/timers.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "common/state/keyed_backend_of.h"

namespace {

using weir::state::KeyedBackendOf;
using weir::state::Slot;
using weir::state::Timers;

constexpr std::size_t kTimers = 1'000'000;
constexpr std::size_t kBatch = 1024;

struct Case {
  const char* name;
  std::uint64_t keys;
  std::int64_t span;  // Times are spread over so many milliseconds.
  bool keeps;         // Keys have another state, and stay.
};

struct Cost {
  double set = std::numeric_limits<double>::max();
  double fire = std::numeric_limits<double>::max();
};

/// Of the processor, in nanoseconds: whoever else runs here does not count.
double cpuNanos() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

double nanosSince(double start) { return (cpuNanos() - start) / kTimers; }

void run(const Case& one, Cost& best) {
  std::mt19937_64 random(7);
  KeyedBackendOf<std::uint64_t> backend(4096);
  Timers timers;
  auto* kept = *backend.column(weir::ValueStateDescriptor<std::int64_t>("kept"));
  if (!timers.bind(backend, "timers").has_value()) {
    std::abort();
  }
  std::vector<std::uint64_t> keys(kTimers);
  std::vector<std::int64_t> times(kTimers);
  for (std::size_t i = 0; i < kTimers; ++i) {
    keys[i] = one.keys >= kTimers ? i : random() % one.keys;
    times[i] = 1'700'000'000'000 +
               static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(one.span));
  }
  std::vector<Slot> slots(kBatch);
  if (one.keeps) {
    for (std::size_t i = 0; i < kTimers; ++i) {
      kept->set(backend.slotOf(keys[i]), 1);
    }
    backend.endBatch();
  }
  double set = 0;
  for (std::size_t done = 0; done < kTimers; done += kBatch) {
    const std::size_t count = std::min(kBatch, kTimers - done);
    backend.resolve(keys.data() + done, count, slots.data());  // What any keyed function pays.
    const double start = cpuNanos();
    for (std::size_t i = 0; i < count; ++i) {
      backend.setCurrent(slots[i]);
      timers.add(times[done + i]);
    }
    set += nanosSince(start);
    backend.endBatch();
  }
  const double start = cpuNanos();
  std::int64_t sum = 0;
  std::size_t fired = 0;
  for (std::int64_t now = 1'700'000'000'000; now <= 1'700'000'000'000 + one.span; now += 200) {
    while (const auto time = timers.next(now)) {
      sum += *time;
      if (++fired % 128 == 0) {
        backend.endBatch();
      }
    }
    backend.endBatch();
  }
  while (timers.next(std::numeric_limits<std::int64_t>::max())) {
    ++fired;
  }
  best.fire = std::min(best.fire, nanosSince(start));
  best.set = std::min(best.set, set);
  if (fired > kTimers || sum == 0) {
    std::abort();
  }
}

}  // namespace

int main() {
  const Case cases[] = {
      {"a key each, a minute, keys stay", kTimers, 60'000, true},
      {"a key each, a minute, keys go", kTimers, 60'000, false},
      {"a key each, a day, keys stay", kTimers, 86'400'000, true},
      {"a key each, one second, keys stay", kTimers, 1'000, true},
      {"1000 keys, a day", 1000, 86'400'000, true},
      {"one key, a day", 1, 86'400'000, true},
  };
  for (const Case& one : cases) {
    Cost best;
    for (int i = 0; i < 5; ++i) {
      run(one, best);
    }
    std::printf("%-36s set %6.1f ns  fire %6.1f ns\n", one.name, best.set, best.fire);
  }
}
