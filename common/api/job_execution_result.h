#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/accumulators/accumulators.h"
#include "common/base/ids.h"

namespace weir {

/// What execute() throws in a program that was started by hand: the job failed, or its graph is
/// malformed. Uncaught it ends the program with status 1 and one line, `weir: <what()>`.
class JobExecutionException : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How a job that was started by hand went. A plain value.
class JobExecutionResult {
 public:
  JobExecutionResult() = default;
  JobExecutionResult(JobId job,
                     std::int64_t runtime_millis,
                     std::vector<functions::EncodedAccumulator> accumulators);

  JobId getJobId() const { return job_; }
  /// Milliseconds from start to end.
  std::int64_t getNetRuntime() const { return runtime_millis_; }

  /// The merged value: T is the accumulator's class (IntCounter, ..., Histogram) or, for counters,
  /// a number type, for a Histogram std::map<std::int32_t, std::int64_t>.
  /// Throws std::invalid_argument when no accumulator of that name and type was added.
  template <typename T>
  T getAccumulatorResult(const std::string& name) const {
    if constexpr (std::is_base_of_v<Accumulator, T>) {
      T accumulator;
      decodeInto(accumulator, name);
      return accumulator;
    } else if constexpr (std::is_same_v<T, Histogram::Value>) {
      return getAccumulatorResult<Histogram>(name).getLocalValue();
    } else {
      static_assert(std::is_arithmetic_v<T>,
                    "getAccumulatorResult<T>() takes a number type for counters, "
                    "std::map<std::int32_t, std::int64_t> for a Histogram, or the accumulator");
      return static_cast<T>(number(name));
    }
  }

  /// Every accumulator with its value as JSON.
  std::map<std::string, std::string> getAllAccumulatorResults() const;

 private:
  const functions::EncodedAccumulator& find(const std::string& name) const;
  void decodeInto(Accumulator& accumulator, const std::string& name) const;
  long double number(const std::string& name) const;

  JobId job_;
  std::int64_t runtime_millis_ = 0;
  std::vector<functions::EncodedAccumulator> accumulators_;
};

}  // namespace weir
