#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir {

/// A value that every subtask adds to and that is merged over all of them.
///
/// A function keeps it as a member and names it in open() with RuntimeContext::addAccumulator().
/// The task's thread only.
class Accumulator {
 public:
  virtual ~Accumulator() = default;
  /// "IntCounter", ...: what the merging side decodes by.
  virtual std::string_view type() const = 0;
  virtual std::string encode() const = 0;
  /// Replaces the value. Errors: kCorruption.
  virtual Status decode(std::string_view bytes) = 0;
  /// Adds the value of `other`, which is of the same type.
  virtual void mergeFrom(const Accumulator& other) = 0;
  /// As JSON: a number, or an object of counts.
  virtual std::string toJson() const = 0;
};

namespace functions {
/// Shared by the three counters, defined for these T only.
template <typename T>
struct CounterKind;
template <>
struct CounterKind<std::int32_t> {
  static constexpr std::string_view kName = "IntCounter";
};
template <>
struct CounterKind<std::int64_t> {
  static constexpr std::string_view kName = "LongCounter";
};
template <>
struct CounterKind<double> {
  static constexpr std::string_view kName = "DoubleCounter";
};
}  // namespace functions

/// A sum.
template <typename T>
class Counter final : public Accumulator {
 public:
  using Value = T;
  Counter() = default;
  explicit Counter(T value) : value_(value) {}

  void add(T value) { value_ += value; }
  T getLocalValue() const { return value_; }
  void resetLocal() { value_ = T{}; }
  void merge(const Counter& other) { value_ += other.value_; }

  std::string_view type() const override { return functions::CounterKind<T>::kName; }
  std::string encode() const override;
  Status decode(std::string_view bytes) override;
  void mergeFrom(const Accumulator& other) override { merge(static_cast<const Counter&>(other)); }
  std::string toJson() const override;

 private:
  T value_{};
};

extern template class Counter<std::int32_t>;
extern template class Counter<std::int64_t>;
extern template class Counter<double>;

using IntCounter = Counter<std::int32_t>;
using LongCounter = Counter<std::int64_t>;
using DoubleCounter = Counter<double>;

/// How often each value was added.
class Histogram final : public Accumulator {
 public:
  using Value = std::map<std::int32_t, std::int64_t>;

  void add(std::int32_t value) { ++counts_[value]; }
  const Value& getLocalValue() const { return counts_; }
  void resetLocal() { counts_.clear(); }
  void merge(const Histogram& other);

  std::string_view type() const override { return "Histogram"; }
  std::string encode() const override;
  Status decode(std::string_view bytes) override;
  void mergeFrom(const Accumulator& other) override { merge(static_cast<const Histogram&>(other)); }
  std::string toJson() const override;

 private:
  Value counts_;
};

namespace functions {

/// An accumulator's value outside of the function that owns it.
struct EncodedAccumulator {
  std::string name;
  std::string type;
  std::string bytes;
};

/// The error of an accumulator that has two types.
Error accumulatorTypeClash(const std::string& name,
                           std::string_view first,
                           std::string_view second);
/// Adds `other` to `into`. Errors: kInvalidArgument naming both types where they differ;
/// kCorruption.
Status mergeAccumulator(EncodedAccumulator& into, const EncodedAccumulator& other);
/// The value as JSON; "null" for bytes that are none.
std::string accumulatorJson(const EncodedAccumulator& accumulator);

}  // namespace functions
}  // namespace weir
