#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/function_operator.h"
#include "common/functions/operator_timers.h"
#include "common/functions/time.h"
#include "common/record/key_hash.h"
#include "common/record/serializer.h"
#include "common/schema/window_schema.h"
#include "common/state/descriptors.h"
#include "common/state/expiring.h"
#include "common/state/operator_state.h"
#include "common/state/timers.h"
#include "common/testing/operator_run.h"
#include "common/testing/recorded.h"
#include "common/testing/snapshot.h"
#include "common/windows/window.h"

namespace weir::testing {

/// A timer that is set, and for which key.
template <typename Key>
struct Timer {
  Key key{};
  std::int64_t time = 0;
  TimeDomain domain = TimeDomain::kEventTime;
  bool operator==(const Timer&) const = default;
};

namespace harness_internal {

/// The value of `bytes`, which were written under the schema `written`.
template <typename T>
T decoded(const std::string& state, std::string_view bytes, const record::Schema& written) {
  const record::Schema now = record::schemaOf<T>();
  const auto migrates = state::needsMigration(state, written, now);
  if (!migrates.has_value()) {
    throw std::invalid_argument("state '" + state + "': " + migrates.error().text());
  }
  Reader from(bytes);
  return *migrates ? record::readAs<T>(from, written, now) : record::read<T>(from);
}

/// What a key holds of a state, where its entries expire too.
template <typename Descriptor>
typename Descriptor::Cell cellOf(const Descriptor& descriptor,
                                 std::string_view bytes,
                                 const record::Schema& written) {
  if (descriptor.ttl_support != nullptr) {
    return decoded<state::ExpiringCell<Descriptor>>(descriptor.name, bytes, written).value;
  }
  return decoded<typename Descriptor::Cell>(descriptor.name, bytes, written);
}

/// What a state's `get` gives for a cell.
template <typename Descriptor>
auto valueOf(const Descriptor& /*descriptor*/, typename Descriptor::Cell cell) {
  return cell;
}
template <typename In, typename Acc, typename Out>
Out valueOf(const AggregatingStateDescriptor<In, Acc, Out>& descriptor, const Acc& accumulator) {
  return descriptor.copy()->getResult(accumulator);
}

/// The namespace of a window's states.
template <typename Window>
std::string spaceOf(const Window& window) {
  return state::encodeElement<Window>(window);
}
inline std::string spaceOf(const GlobalWindow& /*window*/) { return ""; }

/// Where the states of a key stand that are not those of a window.
template <typename Window>
std::string spaceOfKey() {
  return std::string(std::is_same_v<Window, GlobalWindow> ? state::kBesideTheGlobalWindow : "");
}

}  // namespace harness_internal

/// What all harnesses have in common: a function, run as a task runs it but by the calls of a test.
///
/// The engine beneath is the real one: operators, state, timers, snapshots. There is no thread, no
/// cluster and no waiting; time stands still until it is moved. What user code throws comes out of
/// the call that ran it. Calls open the function if open() has not. One thread.
template <typename Out, typename Key>
class Harness {
 public:
  Harness(const Harness&) = delete;
  Harness& operator=(const Harness&) = delete;

  /// Key groups, as of setMaxParallelism() of the environment: 4096 without it. Before open().
  void setMaxParallelism(int groups) { run_.setMaxParallelism(static_cast<std::uint32_t>(groups)); }
  /// Gives the function its state back, if there is any, and opens it. Without effect on one that
  /// is open.
  void open() { run_.opened(); }
  /// Ends the function as its task would: finished where all inputs have ended, else cancelled.
  void close() { run_.close(); }

  /// A watermark on every input.
  void watermark(std::int64_t time) { run_.signal(functions::Watermark{time}); }
  /// Moves the clock, which begins at 0, and fires the timers that are due on the way.
  void advanceProcessingTime(Time by) { run_.advanceTo(run_.now() + by.toMilliseconds()); }
  /// The same to a time; before open() the clock may begin at any.
  void setProcessingTime(std::int64_t time) { run_.beginAt(time); }
  std::int64_t currentProcessingTime() const { return run_.now(); }
  /// Every input ends: the last watermark, then endInput().
  void endInput() { run_.end(); }

  /// All that was emitted so far, in order.
  std::vector<Out> output() const { return out_.values(); }
  /// The same with timestamps: kNoTimestamp where there is none.
  std::vector<Timestamped<Out>> records() const { return out_.records(); }
  /// The watermarks that went on.
  std::vector<std::int64_t> watermarks() const { return out_.watermarks(); }
  template <typename T>
  std::vector<T> sideOutput(const OutputTag<T>& tag) const {
    std::vector<T> values;
    for (Timestamped<T>& one : sides_.of(tag)) {
      values.push_back(std::move(one.value));
    }
    return values;
  }
  /// Waits until `count` records were emitted, for functions that are answered by other threads:
  /// ten seconds at most. Answers whether they were.
  bool awaitOutput(std::size_t count) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    for (run_.handOut(); out_.records().size() < count; run_.handOut()) {
      if (std::chrono::steady_clock::now() > until) {
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return true;
  }
  /// What output() has, which forgets it.
  std::vector<Out> takeOutput() {
    std::vector<Out> values = out_.values();
    out_.clear();
    return values;
  }
  /// Forgets what was emitted.
  void clearOutput() {
    out_.clear();
    sides_.clear();
  }

  /// The timers that are set, in order of domain and time; none where there are no keys.
  std::vector<Timer<Key>> timers() {
    std::vector<Timer<Key>> all;
    if constexpr (!std::is_same_v<Key, functions::NoKey>) {
      addTimers(functions::kEventTimers, TimeDomain::kEventTime, all);
      addTimers(functions::kProcessingTimers, TimeDomain::kProcessingTime, all);
    }
    return all;
  }
  /// What a keyed state holds for a key, as its get() gives it; nothing where it holds nothing.
  /// Throws std::invalid_argument where the function has no such state.
  template <typename Descriptor>
  auto state(const Descriptor& descriptor, const Key& key)
    requires(!std::is_same_v<Key, functions::NoKey>)
  {
    return stateAt(descriptor, key, space_of_key_);
  }
  /// The same of the windowState() that a function has for a key in a window.
  template <typename Descriptor, typename Window>
  auto state(const Descriptor& descriptor, const Key& key, const Window& window)
    requires(!std::is_same_v<Key, functions::NoKey>)
  {
    return stateAt(descriptor, key, harness_internal::spaceOf(window));
  }
  /// How many entries all keyed states have together, timers too: 0 where nothing is left behind.
  std::uint64_t stateEntries() { return run_.entries(); }
  /// Whether records of this key go to this subtask, as split() has dealt out the keys.
  bool owns(const Key& key)
    requires(!std::is_same_v<Key, functions::NoKey>)
  {
    return run_.owns(keyHash(key));
  }
  /// The value of an accumulator, as JobExecutionResult has it: `accumulator<LongCounter>("seen")`.
  template <typename A>
  std::optional<A> accumulator(const std::string& name) {
    const auto bytes = run_.accumulator(name);
    A value;
    if (!bytes || !value.decode(*bytes).has_value()) {
      return std::nullopt;
    }
    return value;
  }

  /// Takes a checkpoint; snapshotComplete() follows, or snapshotAborted().
  Snapshot snapshot() { return run_.snapshot(); }
  /// Begins anew with a copy of the function and this state, as after a failure. What was emitted
  /// stays, and so does the clock.
  void restore(const Snapshot& snapshot) { run_.restore(snapshot); }
  void snapshotComplete(std::uint64_t checkpoint) { run_.complete(checkpoint); }
  void snapshotComplete(const Snapshot& snapshot) { run_.complete(snapshot.checkpointId()); }
  void snapshotAborted(std::uint64_t checkpoint) { run_.abort(checkpoint); }
  void snapshotAborted(const Snapshot& snapshot) { run_.abort(snapshot.checkpointId()); }

 protected:
  /// `space_of_key`: as spaceOfKey() has it.
  Harness(functions::OperatorFactory make, std::uint32_t ports, std::string space_of_key = {})
      : space_of_key_(std::move(space_of_key)),
        run_(std::move(make), ports, [this](functions::Operator& self) {
          self.addOutput(out_);
          self.addSideOutput({}, sides_);
        }) {}
  ~Harness() = default;

  /// A record at an input.
  template <typename In>
  void send(std::uint32_t port, In value, std::int64_t timestamp) {
    Batch<In> batch;
    batch.records.push_back(std::move(value));
    batch.timestamps.push_back(timestamp);
    send(port, batch);
  }
  template <typename In>
  void send(std::uint32_t port, Batch<In>& batch) {
    static_cast<functions::Receiver<In>*>(run_.opened().input(port))->receive(batch);
    run_.handOut();
  }

  const std::string space_of_key_;
  Recorded<Out> out_;
  RecordedSides sides_;
  OperatorRun run_;  // Last: what it emits as it ends is still recorded.

 private:
  /// What a keyed state holds for a key in one of its namespaces.
  template <typename Descriptor>
  auto stateAt(const Descriptor& descriptor, const Key& key, const std::string& space) {
    using Cell = typename Descriptor::Cell;
    const std::string wanted = state::encodeElement<Key>(key);
    std::optional<decltype(harness_internal::valueOf(descriptor, std::declval<Cell>()))> found;
    const auto take = [&](const OperatorRun::Entry& entry) {
      if (entry.key == wanted && entry.name_space == space) {
        found = harness_internal::valueOf(
            descriptor, harness_internal::cellOf(descriptor, entry.value, entry.written));
      }
    };
    if (!run_.eachEntry(descriptor.name, Descriptor::kKind, take)) {
      run_.throwNoState(descriptor.name, Descriptor::kKind);
    }
    return found;
  }
  void addTimers(const char* state, TimeDomain domain, std::vector<Timer<Key>>& all) {
    const std::size_t begin = all.size();
    run_.eachEntry(state, state::StateKind::kTimer, [&](const OperatorRun::Entry& entry) {
      Reader from(entry.key);
      const Key key = record::read<Key>(from);
      const auto times =
          harness_internal::decoded<state::TimerTimes>(state, entry.value, entry.written);
      for (const std::int64_t time : times.sorted()) {
        all.push_back({key, time, domain});
      }
    });
    std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(begin),
                     all.end(),
                     [](const auto& a, const auto& b) { return a.time < b.time; });
  }
};

}  // namespace weir::testing
