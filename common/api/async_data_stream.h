#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/data_stream.h"
#include "common/functions/async_operator.h"

namespace weir {

namespace api {

/// Whether F asks about records of T; that it does not is an error of the compiler.
template <typename F, typename T>
consteval bool checkAsync() {
  constexpr bool kFits = [] {
    if constexpr (functions::Implements<F, AsyncFunction>) {
      return std::is_same_v<functions::AsyncIn<F>, T>;
    }
    return false;
  }();
  static_assert(kFits,
                "orderedWait() and unorderedWait() take an AsyncFunction<T, Out>, where T is the "
                "type of the stream's records");
  return kFits;
}

}  // namespace api

/// Asks a service or another thread about each record of a stream, many at a time.
///
/// `function` is an AsyncFunction<T, Out>; an answer is to come within `timeout`, and `capacity`
/// records at most are asked about and not yet answered, for each subtask. Watermarks keep their
/// place between the results; unorderedWait() emits results between two of them as they come.
class AsyncDataStream {
 public:
  static constexpr std::int64_t kDefaultCapacity = 100;

  template <typename T, typename F>
  static auto orderedWait(const DataStream<T>& stream,
                          F function,
                          const Time& timeout,
                          std::int64_t capacity = kDefaultCapacity) {
    return add(stream, std::move(function), "orderedWait()", true, timeout, capacity);
  }
  template <typename T, typename F>
  static auto unorderedWait(const DataStream<T>& stream,
                            F function,
                            const Time& timeout,
                            std::int64_t capacity = kDefaultCapacity) {
    return add(stream, std::move(function), "unorderedWait()", false, timeout, capacity);
  }
  template <typename F>
  static api::Refused orderedWait(const api::Refused& stream,
                                  const F& /*function*/,
                                  const Time& /*timeout*/,
                                  std::int64_t /*capacity*/ = kDefaultCapacity) {
    return stream;
  }
  template <typename F>
  static api::Refused unorderedWait(const api::Refused& stream,
                                    const F& /*function*/,
                                    const Time& /*timeout*/,
                                    std::int64_t /*capacity*/ = kDefaultCapacity) {
    return stream;
  }

 private:
  template <typename T, typename F>
  static auto add(const DataStream<T>& stream,
                  F function,
                  const std::string& call,
                  bool ordered,
                  const Time& timeout,
                  std::int64_t capacity) {
    if constexpr (!api::checkAsync<F, T>()) {
      return api::Refused{};
    } else if constexpr (api::checkRecord<functions::AsyncOut<F>>() && api::checkFunction<F>()) {
      api::NodeSpec spec;
      spec.node = api::makeNode("asyncWait", "Async Wait");
      api::describeFunction<F, functions::NoKey>(spec.node, function);
      api::declareOperatorState(
          spec.node, state::operatorListInfo<functions::AsyncElement<T>>(functions::kAsyncState));
      if (std::string problem = timeout.lengthProblem(); !problem.empty()) {
        spec.node.errors.push_back(call + ", timeout: " + problem);
      }
      if (capacity < 1) {
        spec.node.errors.push_back(call + ", capacity: at least one record is asked about, and " +
                                   std::to_string(capacity) + " are none");
      }
      spec.inputs.push_back(stream.inputs());
      const functions::AsyncSettings settings{
          ordered, timeout.toMilliseconds(), static_cast<std::size_t>(capacity)};
      spec.make_factory = [prototype = functions::makePrototype(std::move(function)),
                           settings](const api::SharedFacts& /*facts*/) {
        return functions::OperatorFactory(
            [prototype, settings]() -> std::unique_ptr<functions::Operator> {
              return std::make_unique<functions::AsyncOperator<F>>(prototype->copy(), settings);
            });
      };
      return SingleOutputStreamOperator<functions::AsyncOut<F>>(
          stream.program(), stream.program()->add(std::move(spec)));
    } else {
      return api::Refused{};
    }
  }
};

}  // namespace weir
