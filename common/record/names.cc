#include "common/record/names.h"

#include <utility>

namespace weir::record {

std::vector<std::string> splitNames(std::string_view names) {
  std::vector<std::string> split;
  std::string name;
  for (const char c : names) {
    if (c == ',') {
      split.push_back(std::exchange(name, {}));
    } else if (c != ' ' && c != '\n' && c != '\t') {
      name += c;
    }
  }
  split.push_back(name);
  return split;
}

std::vector<std::string> toStrings(std::span<const std::string_view> names) {
  return {names.begin(), names.end()};
}

}  // namespace weir::record
