#pragma once

#include <string_view>

namespace weir {

/// This release, "major.minor.patch": stands in --version, handshakes and everything written.
std::string_view releaseVersion();

}  // namespace weir
