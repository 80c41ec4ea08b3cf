#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "common/functions/keyed_functions.h"
#include "common/windows/window_functions.h"

/// What joins the records of two streams.
namespace weir {

/// One result for each pair.
template <typename L, typename R, typename Out>
class JoinFunction {
 public:
  virtual ~JoinFunction() = default;
  virtual Out join(const L& left, const R& right) = 0;
};

/// Gets what both streams have for a key in a window; one of the two may have nothing.
template <typename L, typename R, typename Out>
class CoGroupFunction {
 public:
  virtual ~CoGroupFunction() = default;
  virtual void coGroup(Iterable<L>& left, Iterable<R>& right, Collector<Out>& out) = 0;
};

/// What a ProcessJoinFunction may ask about a pair. Valid during the call that got it.
class ProcessJoinContext {
 public:
  ProcessJoinContext(std::int64_t left, std::int64_t right, functions::SideOutputs& sides)
      : left_(left), right_(right), sides_(&sides) {}
  std::int64_t getLeftTimestamp() const { return left_; }
  std::int64_t getRightTimestamp() const { return right_; }
  /// Of the result: the later of the two.
  std::int64_t getTimestamp() const { return std::max(left_, right_); }
  template <typename T>
  void output(const OutputTag<T>& tag, const T& value) {
    sides_->collect(tag, value, getTimestamp());
  }

 private:
  std::int64_t left_;
  std::int64_t right_;
  functions::SideOutputs* sides_;  // Of the operator.
};

/// Gets the pairs of an interval join. Its declared states are those of the key.
template <typename L, typename R, typename Out>
class ProcessJoinFunction : public RichFunction {
 public:
  using Context = ProcessJoinContext;
  virtual void processElement(const L& left,
                              const R& right,
                              Context& context,
                              Collector<Out>& out) = 0;
};

template <typename L, typename R, typename Out>
class RichJoinFunction : public JoinFunction<L, R, Out>, public RichFunction {};
template <typename L, typename R, typename Out>
class RichCoGroupFunction : public CoGroupFunction<L, R, Out>, public RichFunction {};

/// A record of either stream, in the windows of a join: what their assigners and triggers see.
template <typename L, typename R>
using TaggedUnion = std::variant<L, R>;

namespace windows {

template <typename F, typename L, typename R>
concept Joins =
    requires(F& f, const L& left, const R& right) {
      functions::asBase<JoinFunction>(f).join(left, right);
    } || (std::is_invocable_v<F&, const L&, const R&> &&
          !std::is_void_v<std::invoke_result_t<F&, const L&, const R&>>);
template <typename F, typename L, typename R, typename Out>
concept CoGroups = !std::is_void_v<Out> &&
                   (requires(F& f, Iterable<L>& left, Iterable<R>& right, Collector<Out>& out) {
                     functions::asBase<CoGroupFunction>(f).coGroup(left, right, out);
                   } || std::is_invocable_v<F&, Iterable<L>&, Iterable<R>&, Collector<Out>&>);
template <typename F, typename L, typename R, typename Out>
concept JoinsPairs =
    !std::is_void_v<Out> &&
    (requires(F& f, const L& l, const R& r, ProcessJoinContext& c, Collector<Out>& out) {
      functions::asBase<ProcessJoinFunction>(f).processElement(l, r, c, out);
    } || std::is_invocable_v<F&, const L&, const R&, ProcessJoinContext&, Collector<Out>&>);

template <typename F, typename L, typename R>
decltype(auto) callJoin(F& f, const L& left, const R& right) {
  if constexpr (functions::Implements<F, JoinFunction>) {
    WEIR_CALL_METHOD_(JoinFunction, f, join, left, right)
  } else {
    return std::invoke(f, left, right);
  }
}
template <typename F, typename L, typename R, typename Out>
void callCoGroup(F& f, Iterable<L>& left, Iterable<R>& right, Collector<Out>& out) {
  if constexpr (functions::Implements<F, CoGroupFunction>) {
    WEIR_CALL_METHOD_(CoGroupFunction, f, coGroup, left, right, out)
  } else {
    std::invoke(f, left, right, out);
  }
}
template <typename F, typename L, typename R, typename Out>
void callJoinPair(
    F& f, const L& left, const R& right, ProcessJoinContext& context, Collector<Out>& out) {
  if constexpr (functions::Implements<F, ProcessJoinFunction>) {
    WEIR_CALL_METHOD_(ProcessJoinFunction, f, processElement, left, right, context, out)
  } else {
    std::invoke(f, left, right, context, out);
  }
}

template <typename F, typename L, typename R>
using JoinResult =
    std::decay_t<decltype(callJoin(std::declval<F&>(), std::declval<L&>(), std::declval<R&>()))>;

/// What F emits: of a class its third argument; of a callable `Named`, unless that is void, else
/// what its collector says.
template <template <typename...> typename Function, typename F, typename Named>
struct PairResultOf {
  using Type = std::conditional_t<std::is_void_v<Named>, functions::EmittedBy<F>, Named>;
};
template <template <typename...> typename Function, typename F, typename Named>
  requires functions::Implements<F, Function>
struct PairResultOf<Function, F, Named> {
  using Type = functions::ArgumentOf<F, Function, 2>;
};

/// Where a join's windows tell the records of the two streams apart.
template <typename K, typename L, typename R, typename Selector1, typename Selector2>
class TaggedKey {
 public:
  TaggedKey(Selector1 first, Selector2 second)
      : first_(std::move(first)), second_(std::move(second)) {}
  K operator()(const TaggedUnion<L, R>& one) const {
    return one.index() == 0 ? K(functions::callKeySelector(first_, *std::get_if<0>(&one)))
                            : K(functions::callKeySelector(second_, *std::get_if<1>(&one)));
  }

 private:
  Selector1 first_;
  Selector2 second_;
};

/// The elements of one side of a join's window.
template <typename T, std::size_t kSide>
class Side {
 public:
  template <typename Tagged>
  explicit Side(const Iterable<Tagged>& elements) {
    for (const Tagged& one : elements) {
      if (const T* mine = std::get_if<kSide>(&one)) {
        held_.push_back({*mine});
      }
    }
  }
  Iterable<T> all() const {
    return Iterable<T>(held_.empty() ? nullptr : &held_.front().value, held_.size(), sizeof(Held));
  }

 private:
  struct Held {
    T value;
  };
  std::vector<Held> held_;
};

/// A CoGroupFunction on the windows of both streams.
template <typename L, typename R, typename Out, typename K, typename W, typename F>
class CoGroupWindows final : public functions::WrappingFunction<F>,
                             public WindowFunction<TaggedUnion<L, R>, Out, K, W> {
 public:
  using functions::WrappingFunction<F>::WrappingFunction;
  void apply(const K& /*key*/,
             const W& /*window*/,
             Iterable<TaggedUnion<L, R>>& elements,
             Collector<Out>& out) override {
    const Side<L, 0> left(elements);
    const Side<R, 1> right(elements);
    Iterable<L> lefts = left.all();
    Iterable<R> rights = right.all();
    callCoGroup(this->function_, lefts, rights, out);
  }
};

/// A JoinFunction on every pair of the windows of both streams.
template <typename L, typename R, typename Out, typename K, typename W, typename F>
class JoinWindows final : public functions::WrappingFunction<F>,
                          public WindowFunction<TaggedUnion<L, R>, Out, K, W> {
 public:
  using functions::WrappingFunction<F>::WrappingFunction;
  void apply(const K& /*key*/,
             const W& /*window*/,
             Iterable<TaggedUnion<L, R>>& elements,
             Collector<Out>& out) override {
    for (const auto& one : elements) {
      const L* left = std::get_if<0>(&one);
      if (left == nullptr) {
        continue;
      }
      for (const auto& other : elements) {
        if (const R* right = std::get_if<1>(&other)) {
          out.collect(callJoin(this->function_, *left, *right));
        }
      }
    }
  }
};

}  // namespace windows

}  // namespace weir
