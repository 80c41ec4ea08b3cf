#include "common/fs/plain_name.h"

#include <algorithm>

namespace weir::fs {

bool isPlainName(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  return !name.empty() && name.size() <= kLongest && !name.starts_with('.') &&
         std::ranges::none_of(name, [](unsigned char c) {
           return c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == ':';
         });
}

}  // namespace weir::fs
