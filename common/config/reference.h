#pragma once

#include <string>

#include "common/config/configuration.h"

/// The option table as people and programs read it.
namespace weir::config {

/// conf/README.md.
std::string renderMarkdown();
/// `weir config`: one line an option, "key: value  # where from".
std::string renderText(const Configuration& configuration);
/// `weir config KEY`: all about one option, on several lines.
std::string renderText(const Configuration::Description& description);
/// What helps who named a key that does not exist.
std::string adviceForUnknownKey(std::string_view key);
/// `weir config --json`: {"options": [{key, value, source, default, type, meaning, allowed,
/// aliases}]}.
std::string renderJson(const Configuration& configuration);
/// `weir config --json KEY`: one such object.
std::string renderJson(const Configuration::Description& description);

}  // namespace weir::config
