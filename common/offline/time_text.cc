#include "common/offline/time_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>

#include <fmt/format.h>

namespace weir::offline {
namespace {

struct Unit {
  std::string_view period;
  std::string_view name;
  std::int64_t per_second = 0;  // Ticks; 0: the tick is `seconds` long.
  std::int64_t seconds = 0;
  int digits = 0;  // Behind the point of seconds.
};
constexpr std::array<Unit, 8> kUnits = {{{"1/1000000000", "ns", 1'000'000'000, 0, 9},
                                         {"1/1000000", "us", 1'000'000, 0, 6},
                                         {"1/1000", "ms", 1'000, 0, 3},
                                         {"1/1", "s", 1, 0, 0},
                                         {"60/1", "min", 0, 60, 0},
                                         {"3600/1", "h", 0, 3600, 0},
                                         {"86400/1", "d", 0, 86400, 0},
                                         {"604800/1", "weeks", 0, 604800, 0}}};

const Unit* unitOf(std::string_view period) {
  for (const Unit& unit : kUnits) {
    if (unit.period == period) {
      return &unit;
    }
  }
  return nullptr;
}

std::optional<std::int64_t> integerIn(std::string_view text) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && stop == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string durationText(std::string_view count, std::string_view period) {
  std::string text(count);
  std::erase(text, '"');  // Of "NaN".
  if (const Unit* unit = unitOf(period)) {
    return text + " " + std::string(unit->name);
  }
  return text + " x " + std::string(period) + " s";
}

std::string utcText(std::string_view count, std::string_view period) {
  const Unit* unit = unitOf(period);
  const auto ticks = integerIn(count);
  if (unit == nullptr || !ticks) {
    return {};
  }
  constexpr std::int64_t kFirst = -62'135'596'800;  // The year 1.
  constexpr std::int64_t kLast = 253'402'300'799;   // The end of 9999.
  std::int64_t seconds = 0;
  std::int64_t fraction = 0;
  if (unit->per_second > 0) {
    seconds = *ticks / unit->per_second;
    fraction = *ticks % unit->per_second;
    if (fraction < 0) {
      fraction += unit->per_second;
      --seconds;
    }
  } else if (*ticks < kFirst / unit->seconds || *ticks > kLast / unit->seconds) {
    return {};
  } else {
    seconds = *ticks * unit->seconds;
  }
  if (seconds < kFirst || seconds > kLast) {
    return {};
  }
  const std::chrono::sys_seconds moment{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(moment - day);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
                                 static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()),
                                 static_cast<unsigned>(date.day()),
                                 time.hours().count(),
                                 time.minutes().count(),
                                 time.seconds().count());
  if (unit->digits > 0) {
    text += fmt::format(".{:0{}}", fraction, unit->digits);
  }
  return text + "Z";
}

std::optional<std::int64_t> ticksOf(const std::string& text, std::string_view period) {
  const Unit* unit = unitOf(period);
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (unit == nullptr ||
      std::sscanf(
          text.c_str(), "%4d-%2u-%2uT%2d:%2d:%2d", &year, &month, &day, &hour, &minute, &second) !=
          6) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{
      std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) {
    return std::nullopt;
  }
  const std::int64_t seconds =
      std::chrono::sys_days(date).time_since_epoch() / std::chrono::seconds(1) +
      std::int64_t{hour} * 3600 + std::int64_t{minute} * 60 + second;
  std::int64_t fraction = 0;
  if (const std::size_t point = text.find('.'); point != std::string::npos) {
    fraction =
        integerIn(text.substr(point + 1, static_cast<std::size_t>(unit->digits))).value_or(0);
  }
  std::int64_t ticks = 0;
  if (unit->per_second > 0) {
    if (__builtin_mul_overflow(seconds, unit->per_second, &ticks) ||
        __builtin_add_overflow(ticks, fraction, &ticks)) {
      return std::nullopt;
    }
  } else {
    ticks = seconds / unit->seconds;
  }
  return utcText(std::to_string(ticks), period) == text ? std::optional(ticks) : std::nullopt;
}

}  // namespace weir::offline
