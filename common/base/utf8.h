#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weir {

/// Where the first byte stands that is not part of UTF-8 (overlong forms, surrogates and what is
/// above U+10FFFF are not); npos: nowhere.
std::size_t findNotUtf8(std::string_view text);

/// `text` with U+FFFD in the place of each byte that is not part of UTF-8, as JSON needs it.
std::string asUtf8(std::string_view text);

/// `text` with what a terminal would obey instead of showing it spelled out, which are control
/// characters, marks that turn the direction of writing or end a line, and bytes that are not
/// UTF-8: "\n", "\t", "\x1b", "\u202e", and "\xe9" for a byte that is not UTF-8. Characters in
/// `kept` stay as they are.
std::string escaped(std::string_view text, std::string_view kept = {});

}  // namespace weir
