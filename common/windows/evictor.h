#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/functions/collector.h"
#include "common/functions/time.h"
#include "common/windows/problems.h"

namespace weir {

/// A record with its timestamp, kNoTimestamp where it has none.
template <typename T>
struct Timestamped {
  T value{};
  std::int64_t timestamp = std::numeric_limits<std::int64_t>::min();
  bool operator==(const Timestamped&) const = default;
};

/// Takes elements out of a window that fires, before its function sees them or after; what stays is
/// there when it fires again. Copied with its operator, subtask by subtask.
template <typename T, typename W>
class Evictor {
 public:
  virtual ~Evictor() = default;
  /// `elements` in the order they came.
  virtual void evictBefore(std::vector<Timestamped<T>>& elements, const W& window) = 0;
  virtual void evictAfter(std::vector<Timestamped<T>>& elements, const W& window) = 0;
};

namespace windows {

/// What the evictors here have in common: they do the same before the function or after it.
template <typename Derived>
class EvictsOnce {
 public:
  template <typename T, typename W>
  void evictBefore(std::vector<Timestamped<T>>& elements, const W& /*window*/) const
    requires requires(const Derived& derived) { derived.evict(elements); }
  {
    if (!after_) {
      static_cast<const Derived&>(*this).evict(elements);
    }
  }
  template <typename T, typename W>
  void evictAfter(std::vector<Timestamped<T>>& elements, const W& /*window*/) const {
    if (after_) {
      static_cast<const Derived&>(*this).evict(elements);
    }
  }

 protected:
  explicit EvictsOnce(bool after) : after_(after) {}

 private:
  bool after_;
};

}  // namespace windows

/// Keeps the last n elements.
class CountEvictor : public windows::EvictsOnce<CountEvictor> {
 public:
  static CountEvictor of(std::int64_t n, bool after = false) { return {n, after}; }
  template <typename T>
  void evict(std::vector<Timestamped<T>>& elements) const {
    const auto kept = static_cast<std::size_t>(n_);
    if (elements.size() > kept) {
      elements.erase(elements.begin(), elements.end() - static_cast<std::ptrdiff_t>(kept));
    }
  }
  std::string problem() const {
    return n_ >= 0 ? "" : "CountEvictor::of(" + std::to_string(n_) + "): give it 0 or more";
  }

 private:
  CountEvictor(std::int64_t n, bool after) : EvictsOnce(after), n_(n) {}
  std::int64_t n_;
};

/// Keeps the elements that are less than a length older than the youngest; all where they have no
/// timestamps.
class TimeEvictor : public windows::EvictsOnce<TimeEvictor> {
 public:
  static TimeEvictor of(Time length, bool after = false) { return {length, after}; }
  template <typename T>
  void evict(std::vector<Timestamped<T>>& elements) const {
    if (elements.empty() || elements.front().timestamp == kNoTimestamp) {
      return;
    }
    std::int64_t youngest = kNoTimestamp;
    for (const auto& one : elements) {
      youngest = std::max(youngest, one.timestamp);
    }
    std::int64_t last_out = 0;
    if (!__builtin_sub_overflow(youngest, length_.toMilliseconds(), &last_out)) {
      std::erase_if(elements, [&](const auto& one) { return one.timestamp <= last_out; });
    }
  }
  std::string problem() const { return windows::named("TimeEvictor", length_.lengthProblem()); }

 private:
  TimeEvictor(Time length, bool after) : EvictsOnce(after), length_(length) {}
  Time length_;
};

template <typename F>
class DeltaEvictorOf;

/// Evicts from the oldest on while f(element, last element) >= threshold; f: a callable
/// double(const T&, const T&).
class DeltaEvictor {
 public:
  template <typename F>
  static DeltaEvictorOf<F> of(double threshold, F f, bool after = false) {
    return {threshold, std::move(f), after};
  }
};

template <typename F>
class DeltaEvictorOf : public windows::EvictsOnce<DeltaEvictorOf<F>> {
 public:
  DeltaEvictorOf(double threshold, F f, bool after)
      : windows::EvictsOnce<DeltaEvictorOf>(after), threshold_(threshold), f_(std::move(f)) {}
  template <typename T>
  void evict(std::vector<Timestamped<T>>& elements) const
    requires std::is_invocable_r_v<double, const F&, const T&, const T&>
  {
    const auto keeps = [&](const Timestamped<T>& one) {
      return !(f_(one.value, elements.back().value) >= threshold_);
    };
    elements.erase(elements.begin(), std::find_if(elements.begin(), elements.end(), keeps));
  }

 private:
  double threshold_;
  F f_;
};

namespace windows {

/// Whether E evicts elements of T from windows of W.
template <typename E, typename T, typename W>
concept Evicts = requires(E& evictor, std::vector<Timestamped<T>>& elements, const W& window) {
  evictor.evictBefore(elements, window);
  evictor.evictAfter(elements, window);
};

}  // namespace windows

}  // namespace weir
