#include "common/base/exec_words.h"

#include <string_view>

#include <unistd.h>

extern char** environ;  // NOLINT(readability-redundant-declaration): unistd.h hides it.

namespace weir {

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> mergedEnvironment(const std::vector<std::string>& above) {
  std::vector<std::string> merged = above;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view inherited(*entry);
    const std::string_view name = inherited.substr(0, inherited.find('=') + 1);
    bool replaced = false;
    for (const std::string& one : above) {
      replaced = replaced || std::string_view(one).starts_with(name);
    }
    if (!replaced) {
      merged.emplace_back(inherited);
    }
  }
  return merged;
}

}  // namespace weir
