#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// Pieces of JSON, appended to a text. What is appended is JSON whatever the bytes are.
namespace weir::offline {

/// `text`, which is UTF-8, between quotes.
void appendJsonString(std::string& to, std::string_view text);
/// `{"$base64":"..."}`
void appendBase64Object(std::string& to, std::string_view bytes);
/// `text` between quotes; bytes that are no UTF-8 as an object with their base64.
void appendJsonText(std::string& to, std::string_view text);
std::string base64(std::string_view bytes);

void appendDecimal(std::string& to, std::int64_t value);
void appendDecimal(std::string& to, std::uint64_t value);
/// The integers of `width` 1, 2, 4 or 8 bytes each, as records hold them, with commas between.
void appendDecimals(std::string& to, std::string_view integers, unsigned width, bool is_signed);
/// The shortest text that is read as the same number, with a point or exponent; else "NaN",
/// "Infinity" or "-Infinity" between quotes.
void appendFloat(std::string& to, float value);
void appendFloat(std::string& to, double value);
void appendFloat(std::string& to, long double value);

}  // namespace weir::offline
