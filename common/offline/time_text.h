#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::offline {

/// A duration of `count` ticks, JSON of a number, of the period "1/1000": "1500 ms". Periods that
/// have no name: "3 x 7/2 s".
std::string durationText(std::string_view count, std::string_view period);

/// A point of the system's clock, as many ticks after 1970 began in UTC:
/// "2026-11-26T17:53:37.123Z", with as many digits as the period has. Empty where that cannot show
/// it all: years before 1 and after 9999, ticks that are no integers, periods that are no power of
/// ten, minute or hour.
std::string utcText(std::string_view count, std::string_view period);
/// The ticks that utcText() shows as `text`.
std::optional<std::int64_t> ticksOf(const std::string& text, std::string_view period);

}  // namespace weir::offline
