#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace weir {

/// How many letters to insert, delete, replace or swap with the next one lead from `a` to `b`
/// (optimal string alignment).
std::size_t editDistance(std::string_view a, std::string_view b);

/// The one of `known` that `word` most likely means: spelled alike, or else one that has it as a
/// part, at its beginning if possible; empty without `known`. Among equals the first by name.
std::string_view nearest(std::string_view word, std::vector<std::string_view> known);

/// The same, but empty where the two have too little in common to ask "did you mean".
std::string_view similar(std::string_view word, std::vector<std::string_view> known);

}  // namespace weir
