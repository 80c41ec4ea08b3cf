#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"

namespace weir::config {

/// One value of a file as it stands there, its key written flat.
struct RawEntry {
  std::string key;
  std::string value;
  int line = 0;
};

/// The entries of a configuration file in order, a key given twice included. Two ways of writing
/// are read: Flink 1.0's lines of "key: value", and YAML with nested keys (`yaml_source.h`). In
/// both
/// '#' begins a comment where it begins a line or follows a blank, and every byte is part of an
/// entry or a comment, or it is an error. Errors: kNotFound, kIo, kInvalidArgument with line.
Result<std::vector<RawEntry>> readSourceFile(const std::string& path);

/// The same for text; `name` stands in errors.
Result<std::vector<RawEntry>> parseSource(const std::string& text, const std::string& name);

}  // namespace weir::config
