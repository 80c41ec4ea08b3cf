#include "common/config/secrets.h"

#include <algorithm>
#include <array>

namespace weir::config {

bool isSecret(std::string_view key) {
  // As Flink has it, and the names of what S3 calls its keys.
  constexpr std::array<std::string_view, 7> kParts{
      "password", "secret", "access-key", "access.key", "session-token", "session.token", "apikey"};
  return std::ranges::any_of(
      kParts, [&](std::string_view part) { return key.find(part) != std::string_view::npos; });
}

std::string shownValue(std::string_view key, std::string value) {
  return value.empty() || !isSecret(key) ? value : "******";
}

}  // namespace weir::config
