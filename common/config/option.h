#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace weir::config {

/// A number of bytes: "64 mb", "256 MiB", "10485760b". All units count in 1024.
struct MemorySize {
  std::uint64_t bytes = 0;
  auto operator<=>(const MemorySize&) const = default;
};

/// What an option's value is written like.
enum class Type : std::uint8_t { kText, kInteger, kNumber, kBoolean, kDuration, kMemory, kList };

/// Who has a reason to set an option.
enum class Audience : std::uint8_t {
  kEveryone,  ///< Every installation.
  kTuning,    ///< Those who measured first.
  kScripts,   ///< Read by the scripts in bin/ only.
};

template <typename T>
inline constexpr Type kTypeOf = Type::kText;
template <>
inline constexpr Type kTypeOf<std::int64_t> = Type::kInteger;
template <>
inline constexpr Type kTypeOf<double> = Type::kNumber;
template <>
inline constexpr Type kTypeOf<bool> = Type::kBoolean;
template <>
inline constexpr Type kTypeOf<Duration> = Type::kDuration;
template <>
inline constexpr Type kTypeOf<MemorySize> = Type::kMemory;
template <>
inline constexpr Type kTypeOf<std::vector<std::string>> = Type::kList;

/// A few words without allocation; the empty ones are behind the others.
template <std::size_t kMost>
using Words = std::array<std::string_view, kMost>;

/// One line of the option table: all that help, checks and the reference page need to know.
/// Constants with static lifetime.
struct OptionInfo {
  std::string_view key;
  /// As it would stand in the file; empty: there is none.
  std::string_view fallback;
  std::string_view meaning;
  Type type = Type::kText;
  Audience audience = Audience::kEveryone;
  /// Other names of the same thing, newer Flink's among them.
  Words<5> aliases{};
  /// The only values that are allowed; none: any of the type.
  Words<9> allowed{};
  /// Values that Flink has and this version does not, and why.
  Words<2> refused{};
  std::string_view refused_because;
  /// For integers, for numbers, for durations in milliseconds, for memory in bytes.
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  bool power_of_two = false;
  bool any_case = false;
};

/// A typed option. Declared once, as a constant in options.h:
///
///     inline constexpr auto kWebPort = Option<std::int64_t>("jobmanager.web.port", "8081", "...")
///                                          .alias({"rest.port"}).range(-1, 65535);
template <typename T>
struct Option : OptionInfo {
  using Value = T;

  constexpr Option(std::string_view its_key,
                   std::string_view its_fallback,
                   std::string_view its_meaning) {
    key = its_key;
    fallback = its_fallback;
    meaning = its_meaning;
    type = kTypeOf<T>;
  }
  constexpr Option alias(Words<5> names) const {
    Option copy = *this;
    copy.aliases = names;
    return copy;
  }
  constexpr Option oneOf(Words<9> values) const {
    Option copy = *this;
    copy.allowed = values;
    return copy;
  }
  constexpr Option ignoringCase() const {
    Option copy = *this;
    copy.any_case = true;
    return copy;
  }
  constexpr Option refuses(Words<2> values, std::string_view because) const {
    Option copy = *this;
    copy.refused = values;
    copy.refused_because = because;
    return copy;
  }
  constexpr Option range(std::int64_t from,
                         std::int64_t to = std::numeric_limits<std::int64_t>::max()) const {
    Option copy = *this;
    copy.least = from;
    copy.most = to;
    return copy;
  }
  constexpr Option powerOfTwo() const {
    Option copy = *this;
    copy.power_of_two = true;
    return copy;
  }
  constexpr Option forAudience(Audience who) const {
    Option copy = *this;
    copy.audience = who;
    return copy;
  }
};

/// The options of one subject, in the order of the reference page.
struct Area {
  std::string_view title;
  std::vector<const OptionInfo*> options;
};

/// The whole table.
const std::vector<Area>& allAreas();

/// The option of this key or alias, or nullptr.
const OptionInfo* findOption(std::string_view key);

/// Why a key that Flink has is not needed here; empty when it is not such a key.
std::string_view whyIgnored(std::string_view key);

/// A key of Flink, or all keys that begin so (then it ends in '*'), that has no effect here.
struct IgnoredKey {
  std::string_view key;
  std::string_view reason;
};
const std::vector<IgnoredKey>& allIgnoredKeys();

/// The known key (option, alias or ignored) that this one is near to; empty where none is.
std::string nearestKey(std::string_view key);

}  // namespace weir::config
