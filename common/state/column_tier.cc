#include "common/state/column_tier.h"

#include <cstring>

namespace weir::state {

bool splitName(std::string_view name, FrozenTier::Entry& into) {
  constexpr std::size_t kGroup = 2;
  std::uint32_t length = 0;
  if (name.size() < kGroup + sizeof length) {
    return false;
  }
  std::memcpy(&length, name.data() + name.size() - sizeof length, sizeof length);
  if (length > name.size() - kGroup - sizeof length) {
    return false;
  }
  into.name = name;
  into.key_group = static_cast<std::uint32_t>(static_cast<std::uint8_t>(name[0])) << 8 |
                   static_cast<std::uint8_t>(name[1]);
  name.remove_prefix(kGroup);
  name.remove_suffix(sizeof length);
  into.key = name.substr(0, name.size() - length);
  into.name_space = name.substr(name.size() - length);
  return true;
}

}  // namespace weir::state
