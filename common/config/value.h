#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/config/option.h"

namespace weir::config {

// Values as they are written in files and on the command line. Errors are kInvalidArgument and say
// only what is wrong with the text; the caller adds key and place.

Result<std::int64_t> parseInteger(std::string_view text);
Result<double> parseNumber(std::string_view text);
/// "true" or "false", in any case.
Result<bool> parseBoolean(std::string_view text);
/// "10 s", "100 milli", "1 min", "PT1M30S", a bare number of milliseconds, or "Inf" (the maximum).
Result<Duration> parseDuration(std::string_view text);
/// "64 mb", "256 MiB", "10485760b", a bare number of bytes.
Result<MemorySize> parseMemorySize(std::string_view text);
/// Separated by commas, or by ':' as paths are; nothing empty.
std::vector<std::string> parseList(std::string_view text);

/// "10 s", "1500 ms": the largest unit that divides it.
std::string formatDuration(Duration duration);
/// "256 mb": the largest unit that divides it.
std::string formatMemorySize(MemorySize size);

/// Whether `text` is a value of `option`: its type, range and allowed values.
Status checkValue(const OptionInfo& option, std::string_view text);
/// What would be allowed: "an integer from 1 to 65535", "jobmanager or filesystem".
std::string describeAllowed(const OptionInfo& option);
/// "text", "integer", ... as the reference page names types.
std::string_view toString(Type type);

}  // namespace weir::config
