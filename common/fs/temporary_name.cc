#include "common/fs/temporary_name.h"

namespace weir::fs {
namespace {

constexpr std::size_t kRandomDigits = 12;
constexpr std::string_view kTemporary = ".tmp";

/// Without "-<number>" at its end.
std::string_view withoutNumber(std::string_view random) {
  const std::size_t dash = random.find('-');
  const bool is_part = dash != std::string_view::npos && dash + 1 < random.size() &&
                       random.find_first_not_of("0123456789", dash + 1) == std::string_view::npos;
  return is_part ? random.substr(0, dash) : random;
}

}  // namespace

std::string temporaryName(const std::string& name, Random& random) {
  return "." + name + "." + random.hex(kRandomDigits) + std::string(kTemporary);
}

std::string temporaryPart(std::string temporary, std::uint32_t number) {
  return temporary.insert(temporary.size() - kTemporary.size(), "-" + std::to_string(number));
}

bool isTemporary(std::string_view name) { return !finalNameOf(name).empty(); }

std::string_view finalNameOf(std::string_view temporary) {
  if (!temporary.starts_with('.') || !temporary.ends_with(kTemporary)) {
    return {};
  }
  temporary.remove_suffix(kTemporary.size());
  const std::size_t dot = temporary.rfind('.');
  const std::string_view random = withoutNumber(temporary.substr(dot + 1));
  const bool given = dot > 1 && random.size() == kRandomDigits &&
                     random.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return given ? temporary.substr(1, dot - 1) : std::string_view();
}

}  // namespace weir::fs
