#pragma once

#include <string>

namespace weir::windows {

/// `problem` as one of `owner`; nothing where there is none.
inline std::string named(const std::string& owner, const std::string& problem) {
  return problem.empty() ? problem : owner + ": " + problem;
}

/// The first problem, if there is one.
inline std::string firstOf(std::string a, std::string b, std::string c = {}) {
  return !a.empty() ? std::move(a) : !b.empty() ? std::move(b) : std::move(c);
}

/// What a part of a window operator finds wrong with its own arguments; nothing where it cannot
/// say.
template <typename Part>
std::string problemOf(const Part& part) {
  if constexpr (requires { part.problem(); }) {
    return part.problem();
  } else {
    return {};
  }
}

}  // namespace weir::windows
