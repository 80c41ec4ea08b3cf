#include "common/client/console.h"

#include <cstdio>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace weir::client {
namespace {

void putLine(std::FILE* stream, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stream);
  std::fputc('\n', stream);
  std::fflush(stream);
}

/// The sentence on the first line, what is listed after it indented by two blanks.
std::string indented(const std::string& text) {
  std::string lines;
  for (std::size_t i = 0; i < text.size(); ++i) {
    lines += text[i];
    if (text[i] == '\n' && i + 1 < text.size() && text[i + 1] != ' ') {
      lines += "  ";
    }
  }
  return lines;
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
    putLine(stdout, line);
  }
}

void Console::document(std::string_view json) {
  if (json_) {
    putLine(stdout, json);
  }
}

void Console::note(std::string_view line) {
  endProgress();
  putLine(stderr, line);
}

void Console::progress(std::string_view line) {
  if (!terminal_) {
    return;
  }
  const std::string text = fmt::format("\r\x1b[K{}", line.substr(0, 79));
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  in_progress_ = true;
}

int Console::failure(std::string_view what, const Error& error) {
  endProgress();
  putLine(stderr, indented(fmt::format("weir: {}: {}", what, sentence(error))));
  if (json_) {
    const nlohmann::json document = {{"error",
                                      {{"what", what},
                                       {"code", toString(error.code())},
                                       {"message", error.message()},
                                       {"advice", error.advice()}}}};
    putLine(stdout, document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  return kFailed;
}

void Console::endProgress() {
  if (in_progress_) {
    std::fputs("\r\x1b[K", stderr);
    std::fflush(stderr);
    in_progress_ = false;
  }
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
