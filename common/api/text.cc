#include "common/api/text.h"

#include <charconv>

namespace weir::api {

namespace {

template <typename T>
void append(std::string& to, T value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value);
  to.append(text, end.ptr);
}

}  // namespace

void appendNumber(std::string& to, double value) { append(to, value); }
void appendNumber(std::string& to, float value) { append(to, value); }
void appendNumber(std::string& to, std::int64_t value) { append(to, value); }
void appendNumber(std::string& to, std::uint64_t value) { append(to, value); }

void quoteCsv(std::string& text, std::size_t begin) {
  if (text.find_first_of("\",\r\n", begin) == std::string::npos) {
    return;
  }
  for (std::size_t at = begin; (at = text.find('"', at)) != std::string::npos; at += 2) {
    text.insert(at, 1, '"');
  }
  text.insert(begin, 1, '"');
  text += '"';
}

}  // namespace weir::api
