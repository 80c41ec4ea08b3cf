#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/api/text.h"
#include "common/record/fields.h"
#include "common/record/names.h"

/// Which part of a record sum, min, max, minBy and maxBy look at.
namespace weir::api {

/// The record itself: streams of numbers.
struct WholeRecord {
  template <typename T, typename F>
  void operator()(T& a, const T& b, F f) const {
    f(a, b);
  }
};

/// A member: sum(&Trade::price).
template <typename T, typename M>
struct MemberOf {
  M T::* member;
  template <typename F>
  void operator()(T& a, const T& b, F f) const {
    f(a.*member, b.*member);
  }
};

/// f(member of a, member of b) for the member at `position` of a tuple or aggregate.
template <typename T, typename F>
void atPosition(T& a, const T& b, std::size_t position, F f) {
  std::size_t at = 0;
  const auto pick = [&](auto& left, const auto& right) {
    if (at++ == position) {
      f(left, right);
    }
  };
  if constexpr (TupleLike<T>) {
    [&]<std::size_t... kAt>(std::index_sequence<kAt...>) {
      (pick(std::get<kAt>(a), std::get<kAt>(b)), ...);
    }(std::make_index_sequence<std::tuple_size_v<T>>());
  } else {
    record::visitFields(a, [&](auto&... left) {
      record::visitFields(b, [&](const auto&... right) {
        (pick(left, right), ...);
        return 0;
      });
      return 0;
    });
  }
}

/// A member by its place: sum(1) on pairs, tuples and aggregates.
struct AtPosition {
  std::size_t position;
  template <typename T, typename F>
  void operator()(T& a, const T& b, F f) const {
    atPosition(a, b, position, f);
  }
};

template <typename T>
std::size_t memberCount() {
  if constexpr (TupleLike<T>) {
    return std::tuple_size_v<T>;
  } else {
    return record::kFieldCount<T>;
  }
}

/// The place of a member by its name; -1 when there is none.
template <typename T>
int positionOf(std::string_view name) {
  if constexpr (!TupleLike<T>) {
    const std::vector<std::string> names = record::fieldNames<T>();
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) {
        return static_cast<int>(i);
      }
    }
  }
  return -1;
}

template <typename M>
concept Summable = std::is_arithmetic_v<M> && !std::is_same_v<M, bool>;
template <typename M>
concept Comparable = requires(const M& a, const M& b) {
  { a < b } -> std::convertible_to<bool>;
};

/// What names a member, other than a pointer to it: its place or its name.
template <typename Which>
concept NamesMember =
    std::is_convertible_v<Which, int> || std::is_convertible_v<Which, std::string_view> ||
    std::is_member_object_pointer_v<Which>;

/// Whether a member of type M can be added (or else compared); that it cannot is an error of the
/// compiler.
template <bool kAdds, typename M>
consteval bool checkAggregated() {
  static_assert(
      !kAdds || Summable<M>,
      "sum() adds numbers, and what it is to add is none: name a member that is a number, "
      "or use reduce()");
  static_assert(kAdds || Comparable<M>,
                "min(), max(), minBy() and maxBy() compare with operator<, and what they are to "
                "compare has none: name another member, or use reduce()");
  return kAdds ? Summable<M> : Comparable<M>;
}

/// Thrown for a member that cannot be added or compared; found out when the graph is built.
[[noreturn]] void throwNoOperator(const char* what);

// The functions that reduce two records of a key to one.

template <typename T, typename Field>
struct Sum {
  static constexpr bool kAdds = true;
  Field field;
  T operator()(const T& a, const T& b) const {
    T result = a;
    field(result, b, [](auto& left, const auto& right) {
      if constexpr (Summable<std::decay_t<decltype(left)>>) {
        left = static_cast<std::decay_t<decltype(left)>>(left + right);
      } else {
        throwNoOperator("sum() needs a number");
      }
    });
    return result;
  }
};

/// Min and max keep the first record but for the member; with kBy the whole record changes.
template <typename T, typename Field, bool kMax, bool kBy>
struct Extreme {
  static constexpr bool kAdds = false;
  Field field;
  T operator()(const T& a, const T& b) const {
    T result = a;
    bool better = false;
    field(result, b, [&better](auto& left, const auto& right) {
      if constexpr (Comparable<std::decay_t<decltype(left)>>) {
        better = kMax ? left < right : right < left;
        if (better && !kBy) {
          left = right;
        }
      } else {
        throwNoOperator("min() and max() need something with operator<");
      }
    });
    return better && kBy ? b : result;
  }
};

/// What is wrong with aggregating the member at `position`, if anything is.
template <typename T, typename Function>
std::string problemAtPosition(const Function& function, const std::string& kind, int position) {
  if (position < 0 || static_cast<std::size_t>(position) >= memberCount<T>()) {
    return kind + "(): the records have no such member";
  }
  try {
    function(T{}, T{});
    return {};
  } catch (const std::invalid_argument& unfit) {
    return unfit.what();
  }
}

}  // namespace weir::api
