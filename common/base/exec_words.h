#pragma once

#include <string>
#include <vector>

/// What exec() takes: lists of words that end with a null pointer.
namespace weir {

/// The words as exec() takes them; they belong to `texts`, which may not change meanwhile.
std::vector<char*> pointersTo(std::vector<std::string>& texts);
/// `above`, "NAME=VALUE" each, and what this process's environment has beside it.
std::vector<std::string> mergedEnvironment(const std::vector<std::string>& above);

}  // namespace weir
