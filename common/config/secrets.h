#pragma once

#include <string>
#include <string_view>

namespace weir::config {

/// Whether the value of an option is nobody's business: it stands in no log, answer, message or
/// job. By its key, so that it also holds for keys that this version does not know.
bool isSecret(std::string_view key);

/// The value as it may be shown: "******" for a secret that is set.
std::string shownValue(std::string_view key, std::string value);

}  // namespace weir::config
