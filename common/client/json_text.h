#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace weir::client {

/// A document as commands print it: indented, and UTF-8 whatever users named.
std::string jsonText(const nlohmann::json& document);

}  // namespace weir::client
