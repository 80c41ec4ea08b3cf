#pragma once

#include <cstdint>

#include "common/functions/collector.h"
#include "common/functions/process_context.h"

/// What a user's code may derive from where a plain callable does not do. A function is copied once
/// per subtask and then used by that subtask's thread alone; what it throws fails the task.
namespace weir {

/// One record in, one record out.
template <typename In, typename Out>
class MapFunction {
 public:
  virtual ~MapFunction() = default;
  virtual Out map(const In& value) = 0;
};

/// One record in, any number out.
template <typename In, typename Out>
class FlatMapFunction {
 public:
  virtual ~FlatMapFunction() = default;
  virtual void flatMap(const In& value, Collector<Out>& out) = 0;
};

/// Keeps the records for which filter() is true.
template <typename T>
class FilterFunction {
 public:
  virtual ~FilterFunction() = default;
  virtual bool filter(const T& value) = 0;
};

/// Combines two records of a key into one. Associative, as the order of combining is not promised.
template <typename T>
class ReduceFunction {
 public:
  virtual ~ReduceFunction() = default;
  virtual T reduce(const T& a, const T& b) = 0;
};

/// Folds a record into what its key has accumulated.
template <typename T, typename Acc>
class FoldFunction {
 public:
  virtual ~FoldFunction() = default;
  virtual Acc fold(const Acc& accumulator, const T& value) = 0;
};

/// Any number out, with access to the record's context; on a stream with keys it may have timers.
template <typename In, typename Out>
class ProcessFunction {
 public:
  using Context = ProcessContext;
  using OnTimerContext = weir::OnTimerContext;
  using WeirTimedBase = ProcessFunction;
  virtual ~ProcessFunction() = default;
  virtual void processElement(const In& value, Context& context, Collector<Out>& out) = 0;
  /// A timer has come. What it emits has the time of an event-time timer as timestamp.
  virtual void onTimer(std::int64_t /*time*/,
                       OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

/// Takes what leaves the job.
template <typename T>
class SinkFunction {
 public:
  virtual ~SinkFunction() = default;
  virtual void invoke(const T& value) = 0;
};

/// One record in from either of two streams, one record out.
template <typename In1, typename In2, typename Out>
class CoMapFunction {
 public:
  virtual ~CoMapFunction() = default;
  virtual Out map1(const In1& value) = 0;
  virtual Out map2(const In2& value) = 0;
};

template <typename In1, typename In2, typename Out>
class CoFlatMapFunction {
 public:
  virtual ~CoFlatMapFunction() = default;
  virtual void flatMap1(const In1& value, Collector<Out>& out) = 0;
  virtual void flatMap2(const In2& value, Collector<Out>& out) = 0;
};

template <typename In1, typename In2, typename Out>
class CoProcessFunction {
 public:
  using Context = ProcessContext;
  using OnTimerContext = weir::OnTimerContext;
  using WeirTimedBase = CoProcessFunction;
  virtual ~CoProcessFunction() = default;
  virtual void processElement1(const In1& value, Context& context, Collector<Out>& out) = 0;
  virtual void processElement2(const In2& value, Context& context, Collector<Out>& out) = 0;
  /// As that of ProcessFunction.
  virtual void onTimer(std::int64_t /*time*/,
                       OnTimerContext& /*context*/,
                       Collector<Out>& /*out*/) {}
};

/// Extracts what a stream is keyed by. Must give the same key for equal records, always.
template <typename In, typename K>
class KeySelector {
 public:
  virtual ~KeySelector() = default;
  virtual K getKey(const In& value) const = 0;
};

/// Chooses the consumer's subtask in [0, partitions) for a key.
template <typename K>
class Partitioner {
 public:
  virtual ~Partitioner() = default;
  virtual int partition(const K& key, int partitions) const = 0;
};

}  // namespace weir
