#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/error.h"
#include "common/base/result.h"

namespace weir::client {

/// Exit statuses of every command.
enum ExitStatus : int { kDone = 0, kFailed = 1, kUsage = 2 };

/// Where a command's words go: results to standard output, everything else to standard error.
///
/// With JSON asked for, standard output carries one document and result lines are silent.
/// Belongs to the main thread.
class Console {
 public:
  explicit Console(bool json);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  bool json() const { return json_; }

  /// A line of the result; nothing when JSON was asked for.
  void result(std::string_view line);
  /// The result as one JSON document; nothing unless JSON was asked for.
  void document(std::string_view json);
  /// A piece of a result that is JSON whether that was asked for or not: kIo when standard output
  /// does not take it.
  Status stream(std::string_view bytes);
  /// A line for the reader: a state change, a report, a warning.
  void note(std::string_view line);
  /// A line that replaces the last progress line on a terminal; nothing elsewhere.
  void progress(std::string_view line);

  /// Prints `weir: WHAT: WHY; WHAT TO DO` (lines after the first indented), as JSON too when asked
  /// for, and returns kFailed.
  int failure(std::string_view what, const Error& error);
  /// The same with `document` as the JSON, where more is known than the error.
  int failure(std::string_view what, const Error& error, std::string_view document);

 private:
  void endProgress();

  const bool json_;
  const bool terminal_;
  bool in_progress_ = false;
};

/// Why a command failed, as JSON: {"error": {what, code, message, advice}}.
std::string failureDocument(std::string_view what, const Error& error);

/// The words of `text` in lines of at most `width` letters.
std::string wrapped(std::string_view text, std::size_t width);

/// `text` with `blanks` before each of its lines.
std::string withMargin(std::string_view text, std::size_t blanks);

/// "12 s", "3 min 12 s", "2 h 5 min", "3 d 4 h".
std::string humanDuration(std::int64_t millis);

/// "12.3 MiB".
std::string humanBytes(std::uint64_t bytes);

}  // namespace weir::client
