#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "common/functions/callable.h"
#include "common/functions/input_status.h"
#include "common/functions/prototype.h"
#include "common/functions/source_operator.h"
#include "common/testing/harness.h"

namespace weir::testing {

namespace source_internal {
template <typename F>
struct Emitted {
  using Type = functions::EmittedBy<F>;
};
template <typename F>
  requires functions::Implements<F, SourceFunction>
struct Emitted<F> {
  using Type = functions::ArgumentOf<F, SourceFunction, 0>;
};

/// Of what is refused, the compiler says that, and nothing more.
template <typename F>
struct Source {
  static constexpr bool kTaken = !std::is_void_v<typename Emitted<F>::Type>;
  using Out = std::conditional_t<kTaken, typename Emitted<F>::Type, int>;
  static functions::OperatorFactory make(F function) {
    static_assert(kTaken,
                  "SourceHarness takes a SourceFunction<T> or a callable "
                  "InputStatus(SourceContext<T>&)");
    if constexpr (kTaken) {
      return [function = functions::makePrototype(
                  std::move(function))]() -> std::unique_ptr<functions::Operator> {
        return std::make_unique<functions::SourceOperator<F, Out>>(function->copy());
      };
    } else {
      return {};
    }
  }
};
}  // namespace source_internal

/// Runs a source: a SourceFunction<T>, or a callable InputStatus(SourceContext<T>&).
///
///     SourceHarness h(Numbers{1, 10});
///     h.poll(4);
///     auto s = h.snapshot();
template <typename F>
class SourceHarness final
    : public Harness<typename source_internal::Source<F>::Out, functions::NoKey> {
 public:
  using Out = typename source_internal::Source<F>::Out;
  /// What pollUntilIdle() takes of a source that never pauses.
  static constexpr std::size_t kMostRecords = 10'000'000;

  explicit SourceHarness(F function)
      : Harness<Out, functions::NoKey>(source_internal::Source<F>::make(std::move(function)), 0) {}

  /// Calls pollNext() until about `limit` records came, or it says that it has none: once without
  /// `limit`, if it emits anything. At the end of the input, the last watermark follows.
  InputStatus poll(std::size_t limit = 1) {
    if (this->run_.ended()) {
      return InputStatus::kEndOfInput;
    }
    const InputStatus status = this->run_.opened().poll(limit);
    if (status == InputStatus::kEndOfInput) {
      this->run_.end();
    }
    return status;
  }
  /// The same until the source has nothing, or has ended; answers which. Throws std::runtime_error
  /// after kMostRecords.
  InputStatus pollUntilIdle() {
    const std::size_t begin = this->out_.records().size();
    while (this->out_.records().size() - begin < kMostRecords) {
      if (const InputStatus status = poll(1000); status != InputStatus::kMoreAvailable) {
        return status;
      }
    }
    throw std::runtime_error("the source emitted " + std::to_string(kMostRecords) +
                             " records without a pause; use poll(limit) for a source that always "
                             "has more");
  }
  /// How often the source's waker was called.
  int woken() const { return this->run_.woken(); }
};

}  // namespace weir::testing
