#pragma once

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "common/api/stream_windows.h"
#include "common/windows/join_functions.h"

namespace weir {

namespace api {

/// How two streams are joined: by pairs, or by groups.
enum class JoinKind : std::uint8_t { kJoin, kCoGroup };

/// The windows of two streams. P: the WindowParts of the tagged records of both.
template <typename L, typename R, JoinKind kKind, typename P>
class JoinedWindows {
  using K = typename P::Key;
  using W = typename P::Window;
  using Tagged = TaggedUnion<L, R>;

 public:
  explicit JoinedWindows(WindowedStream<P> windows) : windows_(std::move(windows)) {}

  // As on windowed streams; records are of TaggedUnion<L, R>.
  template <typename Tr>
  auto trigger(Tr trigger) const {
    return again(windows_.trigger(std::move(trigger)));
  }
  template <typename E>
  auto evictor(E evictor) const {
    return again(windows_.evictor(std::move(evictor)));
  }
  JoinedWindows allowedLateness(Time lateness) const {
    return JoinedWindows(windows_.allowedLateness(lateness));
  }

  /// f of join(): a JoinFunction<L, R, Out> or a callable Out(const L&, const R&). f of coGroup():
  /// a CoGroupFunction<L, R, Out> or a callable (Iterable<L>&, Iterable<R>&, Collector<Out>&); Out
  /// has to be named, apply<Out>(f), where f takes its collector as auto&.
  template <typename Out = void, typename F>
  auto apply(F f) const {
    if constexpr (kKind == JoinKind::kJoin) {
      constexpr bool kFits = windows::Joins<F, L, R>;
      static_assert(kFits,
                    "apply() of a join takes a JoinFunction<L, R, Out> or a callable "
                    "Out(const L&, const R&), where L and R are the types of the streams' records");
      if constexpr (kFits && checkFunction<F>()) {
        using Result = windows::JoinResult<F, L, R>;
        using Function = windows::JoinWindows<L, R, Result, K, W, F>;
        return windows_.apply(Function(std::move(f))).name("Join");
      } else {
        return Refused{};
      }
    } else {
      using Result = typename windows::PairResultOf<CoGroupFunction, F, Out>::Type;
      constexpr bool kFits = windows::CoGroups<F, L, R, Result>;
      static_assert(kFits,
                    "apply() of a coGroup takes a CoGroupFunction<L, R, Out> or a callable "
                    "(Iterable<L>&, Iterable<R>&, Collector<Out>&), where L and R are the types of "
                    "the streams' records; name the type, apply<Out>(f), where the collector is "
                    "auto&");
      if constexpr (kFits && checkFunction<F>()) {
        using Function = windows::CoGroupWindows<L, R, Result, K, W, F>;
        return windows_.apply(Function(std::move(f))).name("Co-Group");
      } else {
        return Refused{};
      }
    }
  }

 private:
  template <typename Q>
  static auto again(WindowedStream<Q> windows) {
    return JoinedWindows<L, R, kKind, Q>(std::move(windows));
  }
  static Refused again(Refused refused) { return refused; }

  WindowedStream<P> windows_;
};

/// Two streams whose keys are known.
template <typename Stream1, typename Stream2, JoinKind kKind, typename S1, typename S2>
class KeyedPair {
  using L = typename Stream1::Record;
  using R = typename Stream2::Record;
  using K = functions::KeyOf<S1, L>;
  using Tagged = TaggedUnion<L, R>;

 public:
  KeyedPair(Stream1 first, Stream2 second, S1 key1, S2 key2)
      : first_(std::move(first)),
        second_(std::move(second)),
        key1_(std::move(key1)),
        key2_(std::move(key2)) {}

  /// The windows that records of both streams are in.
  template <typename A>
  auto window(A assigner) const {
    using Key = windows::TaggedKey<K, L, R, S1, S2>;
    const auto left = [](const L& one) { return Tagged(std::in_place_index<0>, one); };
    const auto right = [](const R& one) { return Tagged(std::in_place_index<1>, one); };
    const DataStream<L>& first = first_;
    const DataStream<R>& second = second_;
    const DataStream<Tagged> both =
        first.map(left).name("Left").union_(second.map(right).name("Right"));
    return joined(both.keyBy(Key(key1_, key2_)).window(std::move(assigner)));
  }

 private:
  template <typename P>
  static auto joined(WindowedStream<P> windows) {
    return JoinedWindows<L, R, kKind, P>(std::move(windows));
  }
  static Refused joined(Refused refused) { return refused; }

  Stream1 first_;
  Stream2 second_;
  S1 key1_;
  S2 key2_;
};

/// Two streams, and the key of the first one.
template <typename Stream1, typename Stream2, JoinKind kKind, typename S1>
class HalfKeyedPair {
  using R = typename Stream2::Record;

 public:
  HalfKeyedPair(Stream1 first, Stream2 second, S1 key)
      : first_(std::move(first)), second_(std::move(second)), key_(std::move(key)) {}

  /// The key of the second stream's records, of the same type as that of the first one's.
  template <typename S2>
  auto equalTo(S2 selector) const {
    constexpr bool kSelects = functions::SelectsKeys<S2, R>;
    static_assert(kSelects,
                  "equalTo() takes a KeySelector<T, K>, a pointer to a member, or a callable "
                  "K(const T&) that is const, where T is the type of the second stream's records");
    if constexpr (!kSelects) {
      return Refused{};
    } else {
      constexpr bool kSame =
          std::is_same_v<functions::KeyOf<S1, typename Stream1::Record>, functions::KeyOf<S2, R>>;
      static_assert(kSame, "where() and equalTo() have to give keys of the same type");
      if constexpr (kSame && checkFunction<S2>()) {
        return KeyedPair<Stream1, Stream2, kKind, S1, S2>(first_, second_, key_, selector);
      } else {
        return Refused{};
      }
    }
  }

 private:
  Stream1 first_;
  Stream2 second_;
  S1 key_;
};

/// Two streams that are to be joined: where(), equalTo(), window() and apply() say how.
template <typename Stream1, typename Stream2, JoinKind kKind>
class StreamPair {
  using L = typename Stream1::Record;

 public:
  StreamPair(Stream1 first, Stream2 second)
      : first_(std::move(first)), second_(std::move(second)) {}

  /// The key of the first stream's records.
  template <typename S1>
  auto where(S1 selector) const {
    constexpr bool kSelects = functions::SelectsKeys<S1, L>;
    static_assert(kSelects,
                  "where() takes a KeySelector<T, K>, a pointer to a member, or a callable "
                  "K(const T&) that is const, where T is the type of the first stream's records");
    if constexpr (!kSelects) {
      return Refused{};
    } else if constexpr (record::checkKey<functions::KeyOf<S1, L>>() && checkFunction<S1>()) {
      return HalfKeyedPair<Stream1, Stream2, kKind, S1>(first_, second_, std::move(selector));
    } else {
      return Refused{};
    }
  }

 private:
  Stream1 first_;
  Stream2 second_;
};

}  // namespace api

template <typename T>
template <typename Other>
auto DataStream<T>::join(const Other& other) const {
  if constexpr (std::is_same_v<Other, api::Refused>) {
    return other;
  } else {
    return api::StreamPair<DataStream, DataStream<typename Other::Record>, api::JoinKind::kJoin>(
        *this, other);
  }
}
template <typename T>
template <typename Other>
auto DataStream<T>::coGroup(const Other& other) const {
  if constexpr (std::is_same_v<Other, api::Refused>) {
    return other;
  } else {
    return api::StreamPair<DataStream, DataStream<typename Other::Record>, api::JoinKind::kCoGroup>(
        *this, other);
  }
}

}  // namespace weir
