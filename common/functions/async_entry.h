#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/functions/async_function.h"
#include "common/functions/callable.h"
#include "common/functions/collector.h"
#include "common/functions/element.h"

/// What an AsyncOperator is made of.
namespace weir::functions {

/// The types of an AsyncFunction.
template <typename F>
using AsyncIn = ArgumentOf<F, AsyncFunction, 0>;
template <typename F>
using AsyncOut = ArgumentOf<F, AsyncFunction, 1>;

struct AsyncSettings {
  bool ordered = true;       ///< Results leave in the order of the records that they are for.
  std::int64_t timeout = 0;  ///< In milliseconds, from the question to the answer.
  std::size_t capacity = 0;  ///< Questions that are open, or whose answers have not left.

  /// What is full where no more can be asked.
  std::string queue() const {
    return "queue of " + std::to_string(capacity) + " unanswered request" +
           (capacity == 1 ? "" : "s");
  }
};

/// What a snapshot calls the records that were asked about and those that were to be.
inline constexpr std::string_view kAsyncState = "async-in-flight";
template <typename In>
using AsyncElement = std::pair<In, std::int64_t>;  ///< A record and its timestamp.

/// Where a record stands that has come in.
enum class AsyncState : std::uint8_t { kUnasked, kAsked, kAnswered, kGone, kSignal };
/// One record of the queue, or a signal.
template <typename In, typename Out>
struct AsyncEntry {
  AsyncState state = AsyncState::kUnasked;
  bool timed_out = false;
  std::optional<In> record;  // Until its answer has left; none of a signal.
  std::int64_t timestamp = kNoTimestamp;
  std::int64_t deadline = 0;
  std::shared_ptr<AsyncTicket<Out>> ticket;
  AsyncAnswer<Out> answer;
  Signal signal;
};

}  // namespace weir::functions
