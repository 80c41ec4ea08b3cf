#include "common/fs/temporary_name.h"

namespace weir::fs {
namespace {

constexpr std::size_t kRandomDigits = 12;
constexpr std::string_view kTemporary = ".tmp";

}  // namespace

std::string temporaryName(const std::string& name, Random& random) {
  return "." + name + "." + random.hex(kRandomDigits) + std::string(kTemporary);
}

bool isTemporary(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kTemporary)) {
    return false;
  }
  name.remove_suffix(kTemporary.size());
  const std::size_t dot = name.rfind('.');
  const std::string_view random = name.substr(dot + 1);
  return dot > 1 && random.size() == kRandomDigits &&
         random.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace weir::fs
