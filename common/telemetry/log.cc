#include "common/telemetry/log.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <memory>
#include <mutex>

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "common/base/utf8.h"
#include "common/telemetry/file_sink.h"
#include "common/telemetry/log_file.h"

namespace weir::log {

namespace {

constexpr std::array<std::string_view, 4> kNames = {"DEBUG", "INFO", "WARN", "ERROR"};

std::shared_ptr<spdlog::logger> makeLogger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("weir", std::move(sink));
  logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%d %H:%M:%S,%e %v"));
  logger->set_level(spdlog::level::trace);  // Levels are decided before a line is built.
  logger->flush_on(spdlog::level::trace);   // A killed process must not take its last lines along.
  return logger;
}

/// Where lines go; one per process, as standard error is.
struct Output {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger =  // Shared with lines that are just being written.
      makeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  std::shared_ptr<FileSink> file;  // Shared with the logger; none: standard error.
  std::string component = "weir";
  std::atomic<Level> level{Level::kInfo};
};

Output& output() {
  static Output* const instance = std::make_unique<Output>().release();  // Usable until the end.
  return *instance;
}

bool needsQuotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](unsigned char c) {
           return c <= ' ' || c == '"' || c == '=' || c == 0x7f;
         });
}

/// Line breaks would tear a line in two, in messages as well as in values.
void appendEscaped(std::string& line, std::string_view text, bool quoted) {
  if (!quoted) {
    line += escaped(text);
    return;
  }
  std::string marked;
  for (const char c : text) {
    marked.append(c == '"' || c == '\\' ? "\\" : "").push_back(c);
  }
  line += escaped(marked);
}

}  // namespace

Value::Value(double value) : text_(fmt::format("{}", value)) {}

Result<Level> parseLevel(std::string_view name) {
  std::string upper(name);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto found = std::ranges::find(kNames, upper);
  if (found == kNames.end()) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + std::string(name) + "' is none of debug, info, warn and error");
  }
  return static_cast<Level>(found - kNames.begin());
}

Status configure(const Settings& settings) {
  std::shared_ptr<FileSink> file;  // As above.
  if (!settings.file.empty()) {
    file = std::make_shared<FileSink>(settings.file, settings.rotate);
    WEIR_RETURN_IF_ERROR(file->begin());
  }
  std::shared_ptr<spdlog::logger> logger =
      file ? makeLogger(file) : makeLogger(std::make_shared<spdlog::sinks::stderr_sink_mt>());
  Output& out = output();
  out.level = settings.level;
  const std::lock_guard lock(out.mutex);
  out.logger = std::move(logger);
  out.file = std::move(file);
  return ok();
}

namespace {

std::shared_ptr<FileSink> currentFile() {
  Output& out = output();
  const std::lock_guard lock(out.mutex);
  return out.file;
}

}  // namespace

void rotateAt(std::uint64_t bytes) {
  if (const auto file = currentFile()) {
    file->rotateAt(bytes);
  }
}

Status reopen() {
  const auto file = currentFile();
  return file ? file->reopen() : ok();
}

void setComponent(std::string_view name) {
  Output& out = output();
  const std::lock_guard lock(out.mutex);
  out.component = name;
}

bool enabled(Level level) { return level >= output().level.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) {
    return;
  }
  Output& out = output();
  std::shared_ptr<spdlog::logger> logger;
  std::string component;
  {
    const std::lock_guard lock(out.mutex);
    logger = out.logger;
    component = out.component;
  }
  const std::string line = format(level, component, message, fields);
  logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

void flush() {
  Output& out = output();
  const std::lock_guard lock(out.mutex);
  out.logger->flush();
}

std::string format(Level level,
                   std::string_view component,
                   std::string_view message,
                   Fields fields) {
  std::string line = fmt::format("{:<5} [{}] ", kNames[static_cast<std::size_t>(level)], component);
  appendEscaped(line, message, false);
  for (const Field& field : fields) {
    if (field.value.text().empty()) {
      continue;  // A reason that there is not says nothing.
    }
    line.append(" ").append(field.key).append("=");
    const bool quoted = needsQuotes(field.value.text());
    line.append(quoted ? "\"" : "");
    appendEscaped(line, field.value.text(), quoted);
    line.append(quoted ? "\"" : "");
  }
  return line;
}

}  // namespace weir::log
