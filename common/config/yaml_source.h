#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/source_file.h"

namespace weir::config {

/// The entries of a YAML text with nested keys, its lines ending in "\n" alone; `name` stands in
/// errors. Lists become their items with commas between. kInvalidArgument with the line for all
/// that is not one map of texts and lists: nothing of the text is passed over.
Result<std::vector<RawEntry>> parseYaml(const std::string& text, const std::string& name);

}  // namespace weir::config
