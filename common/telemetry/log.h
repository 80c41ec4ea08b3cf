#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::log {

/// ERROR is data at risk, WARN unexpected but handled, INFO a change of state, DEBUG the rest.
enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };

/// "debug", "info", "warn" or "error", in either case.
Result<Level> parseLevel(std::string_view name);

/// The value of a field, as text.
class Value {
 public:
  Value(std::string text)
      : text_(std::move(text)) {}                // NOLINT: fields are written as {key, value}.
  Value(std::string_view text) : text_(text) {}  // NOLINT
  Value(const char* text) : text_(text) {}       // NOLINT
  Value(bool value) : text_(value ? "true" : "false") {}  // NOLINT
  template <std::integral T>
  Value(T value) : text_(std::to_string(value)) {}  // NOLINT
  Value(double value);                              // NOLINT

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// What a line is about, for people and for grep: job=..., attempt=3.
struct Field {
  std::string_view key;
  Value value;
};
using Fields = std::initializer_list<Field>;

struct Settings {
  Level level = Level::kInfo;
  /// Empty: standard error.
  std::string file;
  /// Earlier files that stay as file.1, file.2, ...; 0: the file is appended to and grows.
  int rotate = 0;
};

/// Decides where lines of this process go; standard error from INFO on before the first call.
/// Called once by main(). An earlier file becomes file.1, file.1 becomes file.2, ... Errors: kIo
/// when the file cannot be written; the lines then go where they went before.
Status configure(const Settings& settings);

/// The name in brackets of every line of this process: "jobmanager", "worker 1f3a".
void setComponent(std::string_view name);

/// Writes "2026-01-02 10:11:12,345 INFO  [name] message key=value key="with space"" and a newline.
/// Threads: any; a line is never torn.
void write(Level level, std::string_view message, Fields fields);

/// Whether a line of this level would be written.
bool enabled(Level level);

inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::kDebug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::kInfo, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
  write(Level::kWarn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::kError, message, fields);
}

/// Pushes buffered lines to the file; before an exit that runs no destructors.
void flush();

/// The line as write() would print it, without time and newline.
std::string format(Level level,
                   std::string_view component,
                   std::string_view message,
                   Fields fields);

}  // namespace weir::log
