#include "common/base/nearest.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <string>
#include <tuple>

namespace weir {

namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return std::tolower(c); });
  return result;
}

/// Of a word, in the search for one like it: whoever wrote it may have written anything.
constexpr std::size_t kMostLetters = 256;

/// Up to so many letters a word is mistyped and not another one.
std::size_t mostTypos(std::string_view word) {
  return std::max<std::size_t>(word.size() > 4 ? 2 : 1, word.size() / 4);
}

}  // namespace

std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(above.begin(), above.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

std::string_view nearest(std::string_view word, std::vector<std::string_view> known) {
  if (known.empty()) {
    return {};
  }
  std::ranges::sort(known);
  word = word.substr(0, kMostLetters);
  const std::string spelled = lower(word);
  const auto rank = [&](std::string_view name) {
    const std::size_t typos = editDistance(spelled, lower(name));
    const std::size_t part = word.size() < 3 ? std::string::npos : lower(name).find(spelled);
    const int kind = typos <= mostTypos(word)    ? 0
                     : part == 0                 ? 1
                     : part != std::string::npos ? 2
                                                 : 3;
    return std::tuple(kind, typos);
  };
  return *std::ranges::min_element(known, {}, rank);
}

std::string_view similar(std::string_view word, std::vector<std::string_view> known) {
  const std::string_view best = nearest(word, std::move(known));
  word = word.substr(0, kMostLetters);
  const bool alike = editDistance(lower(word), lower(best)) <= mostTypos(word) ||
                     (word.size() >= 3 && lower(best).find(lower(word)) != std::string::npos);
  return alike ? best : std::string_view();
}

}  // namespace weir
