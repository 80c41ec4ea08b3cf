#pragma once

#include <string>
#include <string_view>

namespace weir {

/// A failure as it is printed: the sentence on the first line, what is listed after it indented by
/// two blanks, unless it is by more already.
std::string indented(std::string_view text);

}  // namespace weir
