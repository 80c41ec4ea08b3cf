// What a timer costs to set and to fire: a million of them in the tables of an operator, without a
// job. Prints nanoseconds a timer, the best of five runs each, and by how much the process has
// grown when all are set. bench_timers [heap | rocksdb [CACHE_MIB [TIMERS_IN_MEMORY]]]
#include "common/state/timers.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "common/state/keyed_backend_of.h"
#include "taskmanager/worker/rocksdb/rocks_tiers.h"

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
  double mebibytes = std::numeric_limits<double>::max();
};

/// Of the processor, in nanoseconds: whoever else runs here does not count.
double cpuNanos() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}

double nanosSince(double start) { return (cpuNanos() - start) / kTimers; }

double residentMebibytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  file >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1 << 20);
}

/// Null: the heap.
std::unique_ptr<weir::worker::RocksTiers> tiersOf(int argc, char** argv) {
  if (argc < 2 || std::string(argv[1]) != "rocksdb") {
    return nullptr;
  }
  weir::worker::RocksSettings settings;
  settings.library = "librocksdb.so.7.8";
  settings.directory = std::filesystem::temp_directory_path();
  settings.cache_bytes = (argc > 2 ? std::stoull(argv[2]) : 256) << 20;
  settings.block_cache_bytes = 32 << 20;
  settings.write_buffer_bytes = 32 << 20;
  settings.write_buffers = 3;
  if (argc > 3) {
    settings.timers_in_memory = std::stoull(argv[3]);
  }
  auto tiers = weir::worker::RocksTiers::make(settings);
  if (!tiers) {
    std::fprintf(stderr, "%s\n", tiers.error().text().c_str());
    std::abort();
  }
  return *std::move(tiers);
}

void setTier(KeyedBackendOf<std::uint64_t>& backend, weir::state::TierFactory& tiers) {
  auto tier = tiers.make(backend, "the benchmark");
  if (!tier) {
    std::fprintf(stderr, "%s\n", tier.error().text().c_str());
    std::abort();
  }
  backend.setTier(*std::move(tier));
}

/// Fires all of them, and answers what one costs.
double fireAll(const Case& one, KeyedBackendOf<std::uint64_t>& backend, Timers& timers) {
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
  if (fired > kTimers || sum == 0) {
    std::abort();
  }
  return nanosSince(start);
}

Cost run(const Case& one, weir::state::TierFactory* tiers) {
  std::mt19937_64 random(7);
  KeyedBackendOf<std::uint64_t> backend(4096);
  if (tiers != nullptr) {
    setTier(backend, *tiers);
  }
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
      if (i % kBatch == 0) {
        backend.endBatch();
      }
    }
    backend.endBatch();
  }
  const double before = residentMebibytes();
  double set = 0;
  for (std::size_t done = 0; done < kTimers; done += kBatch) {
    const std::size_t count = std::min(kBatch, kTimers - done);
    backend.resolve(keys.data() + done, count, slots.data());  // What any keyed function pays.
    const double start = cpuNanos();
    for (std::size_t i = 0; i < count; ++i) {
      backend.setCurrent(slots[i]);
      timers.add(times[done + i]);
    }
    set += tiers == nullptr ? nanosSince(start) : 0;
    backend.endBatch();
    set += tiers == nullptr ? 0 : nanosSince(start);  // A tier makes room then.
  }
  const double grown = residentMebibytes() - before;
  return {set, fireAll(one, backend, timers), grown};
}

/// In a process of its own, so that none finds the memory of the one before.
void runApart(const Case& one, int argc, char** argv, Cost& best) {
  int ends[2];
  if (pipe(ends) != 0) {
    std::abort();
  }
  const pid_t child = fork();
  if (child == 0) {
    Cost cost;
    {
      const auto tiers = tiersOf(argc, argv);
      cost = run(one, tiers.get());
    }
    _exit(write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
  }
  close(ends[1]);
  Cost cost;
  const bool whole = read(ends[0], &cost, sizeof cost) == sizeof cost;
  close(ends[0]);
  int status = 0;
  if (waitpid(child, &status, 0) != child || status != 0 || !whole) {
    std::abort();
  }
  best.set = std::min(best.set, cost.set);
  best.fire = std::min(best.fire, cost.fire);
  best.mebibytes = std::min(best.mebibytes, cost.mebibytes);
}

}  // namespace

int main(int argc, char** argv) {
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
      runApart(one, argc, argv, best);
    }
    std::printf("%-36s set %6.1f ns  fire %6.1f ns  %6.1f MiB\n",
                one.name,
                best.set,
                best.fire,
                best.mebibytes);
  }
}
