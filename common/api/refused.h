#pragma once

#include <cstdlib>

namespace weir::api {

/// What a stream's method returns after its static_assert has failed: takes every further call and
/// becomes every stream, so that one mistake is one error of the compiler. Never runs.
struct Refused {
  template <typename Stream>
  operator Stream() const {  // NOLINT: converts on purpose.
    std::abort();
  }

#define WEIR_TAKES_(method)                      \
  template <typename Out = void, typename... A>  \
  Refused method(const A&... /*unused*/) const { \
    return {};                                   \
  }
  WEIR_TAKES_(map)
  WEIR_TAKES_(flatMap)
  WEIR_TAKES_(filter)
  WEIR_TAKES_(process)
  WEIR_TAKES_(keyBy)
  WEIR_TAKES_(reduce)
  WEIR_TAKES_(fold)
  WEIR_TAKES_(sum)
  WEIR_TAKES_(min)
  WEIR_TAKES_(max)
  WEIR_TAKES_(minBy)
  WEIR_TAKES_(maxBy)
  WEIR_TAKES_(forward)
  WEIR_TAKES_(shuffle)
  WEIR_TAKES_(rebalance)
  WEIR_TAKES_(rescale)
  WEIR_TAKES_(broadcast)
  WEIR_TAKES_(global)
  WEIR_TAKES_(partitionCustom)
  WEIR_TAKES_(union_)  // NOLINT: "union" is a keyword.
  WEIR_TAKES_(connect)
  WEIR_TAKES_(split)
  WEIR_TAKES_(select)
  WEIR_TAKES_(assignTimestampsAndWatermarks)
  WEIR_TAKES_(getSideOutput)
  WEIR_TAKES_(addSink)
  WEIR_TAKES_(print)
  WEIR_TAKES_(printToErr)
  WEIR_TAKES_(writeAsText)
  WEIR_TAKES_(writeAsCsv)
  WEIR_TAKES_(writeToSocket)
  WEIR_TAKES_(window)
  WEIR_TAKES_(timeWindow)
  WEIR_TAKES_(countWindow)
  WEIR_TAKES_(windowAll)
  WEIR_TAKES_(timeWindowAll)
  WEIR_TAKES_(countWindowAll)
  WEIR_TAKES_(trigger)
  WEIR_TAKES_(evictor)
  WEIR_TAKES_(allowedLateness)
  WEIR_TAKES_(sideOutputLateData)
  WEIR_TAKES_(aggregate)
  WEIR_TAKES_(apply)
  WEIR_TAKES_(iterate)
  WEIR_TAKES_(closeWith)
  WEIR_TAKES_(withFeedbackType)
  WEIR_TAKES_(join)
  WEIR_TAKES_(coGroup)
  WEIR_TAKES_(where)
  WEIR_TAKES_(equalTo)
  WEIR_TAKES_(intervalJoin)
  WEIR_TAKES_(between)
  WEIR_TAKES_(lowerBoundExclusive)
  WEIR_TAKES_(upperBoundExclusive)
  WEIR_TAKES_(uid)
  WEIR_TAKES_(name)
  WEIR_TAKES_(setParallelism)
  WEIR_TAKES_(setMaxParallelism)
  WEIR_TAKES_(startNewChain)
  WEIR_TAKES_(disableChaining)
  WEIR_TAKES_(slotSharingGroup)
  WEIR_TAKES_(setBufferTimeout)
#undef WEIR_TAKES_
};

}  // namespace weir::api
