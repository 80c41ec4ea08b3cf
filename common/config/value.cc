#include "common/config/value.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

namespace weir::config {

namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;

Error wrong(std::string message) { return {ErrorCode::kInvalidArgument, std::move(message)}; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

std::string_view withoutSpace(std::string_view text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) {
    text.remove_prefix(1);
  }
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
    text.remove_suffix(1);
  }
  return text;
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

/// Flink's names, in nanoseconds.
constexpr std::array kTimeUnits = std::to_array<Unit>({
    {"ns", 1},
    {"nano", 1},
    {"nanos", 1},
    {"nanosecond", 1},
    {"nanoseconds", 1},
    {"us", 1'000},
    {"µs", 1'000},
    {"micro", 1'000},
    {"micros", 1'000},
    {"microsecond", 1'000},
    {"microseconds", 1'000},
    {"", kNanosPerMilli},
    {"ms", kNanosPerMilli},
    {"milli", kNanosPerMilli},
    {"millis", kNanosPerMilli},
    {"millisecond", kNanosPerMilli},
    {"milliseconds", kNanosPerMilli},
    {"s", 1'000'000'000},
    {"sec", 1'000'000'000},
    {"secs", 1'000'000'000},
    {"second", 1'000'000'000},
    {"seconds", 1'000'000'000},
    {"m", 60'000'000'000},
    {"min", 60'000'000'000},
    {"minute", 60'000'000'000},
    {"minutes", 60'000'000'000},
    {"h", 3'600'000'000'000},
    {"hour", 3'600'000'000'000},
    {"hours", 3'600'000'000'000},
    {"d", 86'400'000'000'000},
    {"day", 86'400'000'000'000},
    {"days", 86'400'000'000'000},
});

constexpr std::array kMemoryUnits = std::to_array<Unit>({
    {"", 1},
    {"b", 1},
    {"bytes", 1},
    {"k", 1LL << 10},
    {"kb", 1LL << 10},
    {"kib", 1LL << 10},
    {"kibibytes", 1LL << 10},
    {"m", 1LL << 20},
    {"mb", 1LL << 20},
    {"mib", 1LL << 20},
    {"mebibytes", 1LL << 20},
    {"g", 1LL << 30},
    {"gb", 1LL << 30},
    {"gib", 1LL << 30},
    {"gibibytes", 1LL << 30},
    {"t", 1LL << 40},
    {"tb", 1LL << 40},
    {"tib", 1LL << 40},
    {"tebibytes", 1LL << 40},
});

/// A whole number and the name of its unit, multiplied; nullopt unless the text is just that.
template <std::size_t kCount>
std::optional<std::int64_t> parseWithUnit(std::string_view text,
                                          const std::array<Unit, kCount>& units) {
  const std::string spelled = lower(withoutSpace(text));
  std::int64_t number = 0;
  const char* const end = spelled.data() + spelled.size();
  const auto [rest, error] = std::from_chars(spelled.data(), end, number);
  if (error != std::errc()) {
    return std::nullopt;
  }
  const std::string_view name =
      withoutSpace(std::string_view(rest, static_cast<std::size_t>(end - rest)));
  const auto unit = std::ranges::find(units, name, &Unit::name);
  std::int64_t product = 0;
  if (unit == units.end() || __builtin_mul_overflow(number, unit->factor, &product)) {
    return std::nullopt;
  }
  return product;
}

/// ISO 8601 without years and months: P1DT2H3M4.5S.
std::optional<std::int64_t> parseIsoDuration(std::string_view text) {
  std::string spelled = lower(withoutSpace(text));
  if (!spelled.starts_with("p") || spelled.size() < 3) {
    return std::nullopt;
  }
  double nanos = 0;
  bool time = false;
  const char* at = spelled.data() + 1;
  const char* const end = spelled.data() + spelled.size();
  while (at != end) {
    if (*at == 't' && !time) {
      time = true;
      ++at;
    }
    double number = 0;
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc() || rest == end || number < 0) {
      return std::nullopt;
    }
    const std::string_view units = time ? "hms" : "d";
    const std::size_t unit = units.find(*rest);
    if (unit == std::string_view::npos) {
      return std::nullopt;
    }
    constexpr std::array<double, 3> kTimes = {3600e9, 60e9, 1e9};
    nanos += number * (time ? kTimes[unit] : 86400e9);
    at = rest + 1;
  }
  return nanos < 9e18 ? std::optional(static_cast<std::int64_t>(std::llround(nanos)))
                      : std::nullopt;
}

template <typename Items>
std::string enumerate(const Items& items, std::string_view last) {
  std::string text;
  const auto end = std::ranges::find(items, std::string_view());
  for (auto item = items.begin(); item != end; ++item) {
    if (item != items.begin()) {
      text += item + 1 == end ? std::string(last) : std::string(", ");
    }
    text += *item;
  }
  return text;
}

/// The limits of an option as its users write them.
std::string limitText(const OptionInfo& option, std::int64_t limit) {
  if (option.type == Type::kDuration) {
    return formatDuration(std::chrono::milliseconds(limit));
  }
  if (option.type == Type::kMemory) {
    return formatMemorySize({static_cast<std::uint64_t>(limit)});
  }
  return std::to_string(limit);
}

template <std::size_t kCount>
bool contains(const Words<kCount>& words, std::string_view text, bool any_case) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    return !word.empty() && (word == text || (any_case && lower(word) == lower(text)));
  });
}

Status checkLimits(const OptionInfo& option, double value, std::string_view text) {
  if (value < static_cast<double>(option.least) || value > static_cast<double>(option.most)) {
    return wrong("'" + std::string(text) + "' is out of range");
  }
  return ok();
}

}  // namespace

Result<std::int64_t> parseInteger(std::string_view text) {
  const std::string_view digits = withoutSpace(text);
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || rest != digits.data() + digits.size()) {
    return wrong("'" + std::string(text) + "' is not an integer");
  }
  return number;
}

Result<double> parseNumber(std::string_view text) {
  const std::string_view digits = withoutSpace(text);
  double number = 0;
  const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || rest != digits.data() + digits.size() || !std::isfinite(number)) {
    return wrong("'" + std::string(text) + "' is not a number");
  }
  return number;
}

Result<bool> parseBoolean(std::string_view text) {
  const std::string value = lower(withoutSpace(text));
  if (value != "true" && value != "false") {
    return wrong("'" + std::string(text) + "' is neither true nor false");
  }
  return value == "true";
}

Result<Duration> parseDuration(std::string_view text) {
  const std::string value = lower(withoutSpace(text));
  if (value == "inf" || value == "infinite" || value == "infinity") {
    return Duration::max();
  }
  auto nanos = parseWithUnit(text, kTimeUnits);
  if (!nanos) {
    nanos = parseIsoDuration(text);
  }
  if (!nanos) {
    return wrong("'" + std::string(text) + "' is not a duration");
  }
  return Duration(*nanos);
}

Result<MemorySize> parseMemorySize(std::string_view text) {
  const auto bytes = parseWithUnit(text, kMemoryUnits);
  if (!bytes || *bytes < 0) {
    return wrong("'" + std::string(text) + "' is not a memory size");
  }
  return MemorySize{static_cast<std::uint64_t>(*bytes)};
}

std::vector<std::string> parseList(std::string_view text) {
  // As paths are separated: a URI's "file:/dir" is one item, "/a:/b" are two.
  std::vector<std::string> items;
  std::string item;
  const auto finish = [&] {
    if (const std::string_view trimmed = withoutSpace(item); !trimmed.empty()) {
      items.emplace_back(trimmed);
    }
    item.clear();
  };
  for (const char c : text) {
    if (c == ',' || (c == ':' && item.find('/') != std::string::npos)) {
      finish();
    } else {
      item += c;
    }
  }
  finish();
  return items;
}

std::string formatDuration(Duration duration) {
  if (duration == Duration::max()) {
    return "Inf";
  }
  constexpr std::array kShown = std::to_array<Unit>({{"d", 86'400'000'000'000},
                                                     {"h", 3'600'000'000'000},
                                                     {"min", 60'000'000'000},
                                                     {"s", 1'000'000'000},
                                                     {"ms", kNanosPerMilli},
                                                     {"us", 1'000}});
  for (const Unit& unit : kShown) {
    if (duration.count() != 0 && duration.count() % unit.factor == 0) {
      return std::to_string(duration.count() / unit.factor) + " " + std::string(unit.name);
    }
  }
  return duration.count() == 0 ? "0 ms" : std::to_string(duration.count()) + " ns";
}

std::string formatMemorySize(MemorySize size) {
  constexpr std::array kShown =
      std::to_array<Unit>({{"gb", 1LL << 30}, {"mb", 1LL << 20}, {"kb", 1LL << 10}});
  for (const Unit& unit : kShown) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (size.bytes != 0 && size.bytes % factor == 0) {
      return std::to_string(size.bytes / factor) + " " + std::string(unit.name);
    }
  }
  return std::to_string(size.bytes) + " b";
}

Status checkValue(const OptionInfo& option, std::string_view text) {
  if (contains(option.refused, text, true)) {
    return wrong("'" + std::string(text) + "' " + std::string(option.refused_because));
  }
  if (!option.allowed[0].empty() && !contains(option.allowed, text, option.any_case)) {
    return wrong("'" + std::string(text) + "' is not known");
  }
  switch (option.type) {
    case Type::kText:
    case Type::kList:
      return ok();
    case Type::kBoolean: {
      WEIR_RETURN_IF_ERROR(parseBoolean(text));
      return ok();
    }
    case Type::kInteger: {
      WEIR_TRY(const auto value, parseInteger(text));
      return checkLimits(option, static_cast<double>(value), text);
    }
    case Type::kNumber: {
      WEIR_TRY(const auto value, parseNumber(text));
      return checkLimits(option, value, text);
    }
    case Type::kDuration: {
      WEIR_TRY(const auto value, parseDuration(text));
      const double millis = static_cast<double>(value.count()) / kNanosPerMilli;
      return checkLimits(option, millis, text);
    }
    case Type::kMemory: {
      WEIR_TRY(const auto value, parseMemorySize(text));
      if (option.power_of_two && (value.bytes & (value.bytes - 1)) != 0) {
        return wrong("'" + std::string(text) + "' is not a power of two");
      }
      return checkLimits(option, static_cast<double>(value.bytes), text);
    }
  }
  return ok();
}

std::string describeAllowed(const OptionInfo& option) {
  if (!option.allowed[0].empty()) {
    return enumerate(option.allowed, " or ");
  }
  constexpr std::array<std::string_view, 7> kKinds = {
      "a text",
      "an integer",
      "a number",
      "true or false",
      "a duration such as '10 s', '500 ms' or '1 min'",
      "a memory size such as '64 mb' or '1048576'",
      "a list, separated by commas"};
  std::string text(kKinds[static_cast<std::size_t>(option.type)]);
  if (option.power_of_two) {
    text += ", a power of two";
  }
  const bool least = option.least != std::numeric_limits<std::int64_t>::min();
  const bool most = option.most != std::numeric_limits<std::int64_t>::max();
  if (least && most) {
    text += ", from " + limitText(option, option.least) + " to " + limitText(option, option.most);
  } else if (least) {
    text += ", at least " + limitText(option, option.least);
  }
  return text;
}

std::string_view toString(Type type) {
  constexpr std::array<std::string_view, 7> kNames = {
      "text", "integer", "number", "boolean", "duration", "memory", "list"};
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace weir::config
