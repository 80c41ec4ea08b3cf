#pragma once

#include <algorithm>
#include <string_view>

namespace weir::runtime {

/// Whether a snapshot may have a file of state of this name: one component that stays in its
/// directory, that no system takes for anything else, and that is none of a snapshot's own names.
inline bool isStateFileName(std::string_view name) {
  constexpr std::size_t kLongest = 255;
  return !name.empty() && name.size() <= kLongest && !name.starts_with('.') && name != "metadata" &&
         name != "program" && !name.starts_with("in-use-") &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) {
           return c < ' ' || c == 0x7f || c == '/' || c == '\\' || c == ':';
         });
}

}  // namespace weir::runtime
