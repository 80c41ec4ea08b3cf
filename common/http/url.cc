#include "common/http/url.h"

#include <algorithm>
#include <charconv>

namespace weir::http {
namespace {

bool isUnreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encodedBut(std::string_view text, bool slashes) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (isUnreserved(c) || (c == '/' && !slashes)) {
      result += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += kDigits[byte >> 4];
      result += kDigits[byte & 15];
    }
  }
  return result;
}

}  // namespace

std::string encoded(std::string_view text) { return encodedBut(text, true); }

std::string encodedPath(std::string_view path) { return encodedBut(path, false); }

std::string decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      result += static_cast<char>(byte);
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

std::string query(std::vector<std::pair<std::string, std::string>> parameters) {
  std::ranges::sort(parameters);
  std::string text;
  for (const auto& [name, value] : parameters) {
    text += (text.empty() ? "" : "&") + encoded(name) + "=" + encoded(value);
  }
  return text;
}

bool isHttp(std::string_view url) {
  return url.starts_with("http://") || url.starts_with("https://");
}

std::string shown(std::string_view url) {
  std::string text(url.substr(0, url.find('?')));
  const std::size_t host = text.find("://") + 3;
  const std::size_t at = text.find('@');
  if (host >= 3 && at != std::string::npos && at < text.find('/', host)) {
    text.erase(host, at + 1 - host);
  }
  return text;
}

}  // namespace weir::http
