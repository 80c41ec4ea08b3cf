#include "common/client/console.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "common/base/indented.h"
#include "common/base/utf8.h"
#include "common/client/json_text.h"

namespace weir::client {
namespace {

/// Nothing that a terminal would obey; line breaks and tabs are the caller's.
std::string shown(std::string_view text) { return escaped(text, "\n\t"); }

bool putLine(std::FILE* stream, std::string_view line) {
  return std::fwrite(line.data(), 1, line.size(), stream) == line.size() &&
         std::fputc('\n', stream) != EOF && std::fflush(stream) == 0;
}

/// What standard output does not take is told to standard error: it may name a job that runs now.
void putResult(std::string_view line) {
  if (!putLine(stdout, line)) {
    const int error = errno;
    putLine(stderr, fmt::format("weir: standard output: {}: {}", std::strerror(error), line));
  }
}

/// What helps against errors of this kind, for those that bring no advice of their own.
std::string_view usualAdvice(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "correct it and try again";
    case ErrorCode::kNotFound:
      return "check the name";
    case ErrorCode::kUnavailable:
    case ErrorCode::kFenced:
      return "try again";
    case ErrorCode::kCorruption:
      return "use an older or another copy";
    case ErrorCode::kFailedPrecondition:
      return "'weir list -a' shows the states of jobs that run or have ended last";
    case ErrorCode::kResourceExhausted:
      return "free some, or raise the limit";
    case ErrorCode::kDeadlineExceeded:
      return "try again, or allow more time";
    case ErrorCode::kCancelled:
      return "run the command again";
    case ErrorCode::kUserCode:
      return "correct the program and run it again";
    case ErrorCode::kIo:
      return "check that the path exists and may be read and written";
    case ErrorCode::kInternal:
      break;
  }
  return "the job manager's log says more";
}

/// `error` with an advice in any case, and without naming again what the command line named.
Error complete(std::string_view what, const Error& error) {
  std::string message = error.message();
  // WHAT is a command and a name, in which there may be blanks too.
  for (auto blank = what.find(' '); blank != what.npos; blank = what.find(' ', blank + 1)) {
    if (const std::string named = escaped(what.substr(blank + 1)) + ": ";
        message.starts_with(named)) {
      message.erase(0, named.size());
      break;
    }
  }
  const bool advises = message.substr(0, message.find('\n')).find("; ") != std::string::npos;
  const std::string_view usual = advises ? std::string_view() : usualAdvice(error.code());
  std::string advice = error.advice().empty() ? std::string(usual) : error.advice();
  return Error(error.code(), std::move(message)).advise(std::move(advice));
}

/// Message and advice as one sentence; a list that the message ends with stays behind both.
std::string sentence(const Error& error) {
  const std::string& message = error.message();
  if (error.advice().empty()) {
    return message;
  }
  const std::size_t list = message.find('\n');
  if (list == std::string::npos) {
    return message + "; " + error.advice();
  }
  return message.substr(0, list) + "; " + error.advice() + message.substr(list);
}

}  // namespace

Console::Console(bool json) : json_(json), terminal_(::isatty(STDERR_FILENO) != 0) {}

Console::~Console() { endProgress(); }

void Console::result(std::string_view line) {
  if (!json_) {
    endProgress();
    putResult(shown(line));
  }
}

void Console::document(std::string_view json) {
  if (json_) {
    putResult(json);
  }
}

Status Console::stream(std::string_view bytes) {
  endProgress();
  if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size()) {
    return ok();
  }
  return systemError(errno, "standard output");
}

void Console::note(std::string_view line) {
  endProgress();
  putLine(stderr, shown(line));
}

void Console::progress(std::string_view line) {
  if (!terminal_) {
    return;
  }
  const std::string text = fmt::format("\r\x1b[K{}", escaped(line.substr(0, 79)));
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  in_progress_ = true;
}

int Console::failure(std::string_view what, const Error& error) {
  return failure(what, error, failureDocument(what, complete(what, error)));
}

int Console::failure(std::string_view what, const Error& error, std::string_view document) {
  note(indented(fmt::format("weir: {}: {}", escaped(what), sentence(complete(what, error)))));
  this->document(document);
  return kFailed;
}

void Console::endProgress() {
  if (in_progress_) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    in_progress_ = false;
  }
}

std::string failureDocument(std::string_view what, const Error& error) {
  const nlohmann::json document = {{"error",
                                    {{"what", what},
                                     {"code", toString(error.code())},
                                     {"message", error.message()},
                                     {"advice", error.advice()}}}};
  return jsonText(document);
}

std::string wrapped(std::string_view text, std::size_t width) {
  std::string lines;
  while (text.size() > width) {
    std::size_t blank = text.rfind(' ', width);
    if (blank == std::string_view::npos) {
      blank = std::min(text.find(' '), text.size());
    }
    lines.append(text.substr(0, blank)).append("\n");
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  return lines.append(text);
}

std::string withMargin(std::string_view text, std::size_t blanks) {
  const std::string margin(blanks, ' ');
  std::string lines = margin;
  for (const char c : text) {
    lines += c;
    lines += c == '\n' ? margin : "";
  }
  return lines;
}

std::string humanDuration(std::int64_t millis) {
  const std::int64_t seconds = std::max<std::int64_t>(millis, 0) / 1000;
  if (seconds < 60) {
    return fmt::format("{} s", seconds);
  }
  if (seconds < 3600) {
    return fmt::format("{} min {} s", seconds / 60, seconds % 60);
  }
  if (seconds < 86400) {
    return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
  }
  return fmt::format("{} d {} h", seconds / 86400, seconds % 86400 / 3600);
}

std::string humanBytes(std::uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

}  // namespace weir::client
