#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// Texts that come from users: names, causes of failures, what their programs wrote.
namespace weir {

/// What is kept of the text of one failure, everywhere but in the log of the worker it happened in.
inline constexpr std::size_t kMostTextBytes = 64 * 1024;
/// What a job says of the failure that ended it: with the state changes that quote its beginning
/// less than kMostTextBytes.
inline constexpr std::size_t kMostFailureBytes = 48 * 1024;
/// What a state change, a list or a log line shows of such a text.
inline constexpr std::size_t kMostLoggedBytes = 4 * 1024;

bool isUtf8(std::string_view text);

/// Whether a text has a character below blank, DEL, or one of U+0080 to U+009F: it could break a
/// line or move a cursor.
bool hasControlCharacter(std::string_view text);

/// The first words of a text: itself when it has at most `most` bytes, else what fits before a note
/// that there was more. Cuts between characters of UTF-8. `most` is at least 64.
std::string cutText(std::string_view text, std::size_t most = kMostTextBytes);

}  // namespace weir
