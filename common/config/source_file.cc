#include "common/config/source_file.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include <sys/stat.h>

#include "common/base/utf8.h"
#include "common/config/source_error.h"
#include "common/config/yaml_source.h"

namespace weir::config {

namespace {

constexpr std::int64_t kMostBytes = 16 << 20;  // No configuration; memory is taken for it at once.

std::string_view withoutBlanks(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Where a comment begins at or after `from`, as in YAML: at a '#' that begins the line or follows
/// a blank.
std::size_t commentIn(std::string_view line, std::size_t from) {
  for (std::size_t at = line.find('#', from); at != std::string_view::npos;
       at = line.find('#', at + 1)) {
    if (at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t') {
      return at;
    }
  }
  return std::string_view::npos;
}

/// Without its comment, which does not begin inside quotes that the value begins with.
std::string_view withoutComment(std::string_view line) {
  const std::size_t comment = commentIn(line, 0);
  const std::size_t colon = line.find(':');
  const std::size_t begin = colon == std::string_view::npos
                                ? std::string_view::npos
                                : line.find_first_not_of(" \t", colon + 1);
  if (comment != std::string_view::npos && begin < comment &&
      (line[begin] == '"' || line[begin] == '\'')) {
    const std::size_t end = line.find(line[begin], begin + 1);
    if (end != std::string_view::npos) {
      return line.substr(0, commentIn(line, end));
    }
  }
  return line.substr(0, comment);
}

/// Whether a value is more than text to YAML: a map in braces, or a block, an anchor or a tag of
/// what follows.
bool needsYaml(std::string_view value) {
  return value.starts_with('{') ||
         ((value.starts_with('&') || value.starts_with('!')) &&
          value.find(' ') == std::string_view::npos) ||
         (!value.empty() && (value[0] == '|' || value[0] == '>') &&
          value.find_first_not_of("+-123456789", 1) == std::string_view::npos);
}

/// "key: value"; nullopt for anything that Flink 1.0 would not have written.
std::optional<RawEntry> parseFlatLine(std::string_view line, int number) {
  const std::size_t colon = line.find(':');
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '$';
  };
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view key = withoutBlanks(line.substr(0, colon));
  const std::string_view rest = line.substr(colon + 1);
  if (key.empty() || !std::ranges::all_of(key, allowed) || key.starts_with('-') ||
      (!rest.empty() && rest[0] != ' ' && rest[0] != '\t') || needsYaml(withoutBlanks(rest))) {
    return std::nullopt;
  }
  return RawEntry{std::string(key), std::string(withoutBlanks(rest)), number};
}

/// A value in quotes or brackets means what it means in YAML.
Status unquote(RawEntry& entry, const std::string& name) {
  if (entry.value.empty() ||
      std::string_view("\"'[").find(entry.value[0]) == std::string_view::npos) {
    return ok();
  }
  WEIR_TRY(auto parsed, parseYaml("value: " + entry.value, name));
  if (parsed.size() != 1) {
    return wrongLine(name, entry.line, "key '" + entry.key + "' has a value that is no text");
  }
  entry.value = parsed[0].value;
  return ok();
}

/// The entries of a file in Flink 1.0's way, in which blanks before a key mean nothing; nullopt
/// when it is not written so, or a key may be the parent of the lines below it.
std::optional<std::vector<RawEntry>> parseFlat(const std::string& text, const std::string& name) {
  std::vector<RawEntry> entries;
  std::istringstream lines(text);
  std::string line;
  bool may_nest = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string_view content = withoutComment(line);
    if (withoutBlanks(content).empty() || (content == "---" && entries.empty())) {
      continue;
    }
    auto entry = parseFlatLine(content, number);
    const bool indented = content[0] == ' ' || content[0] == '\t';
    if (!entry || (indented && may_nest) || !unquote(*entry, name).has_value()) {
      return std::nullopt;
    }
    may_nest = may_nest || entry->value.empty();
    entries.push_back(*std::move(entry));
  }
  return entries;
}

/// A text of lines that end in "\n", without byte order mark; an error for bytes that no editor
/// shows, which could hide what follows them.
Result<std::string> readableText(std::string_view text, const std::string& name) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  const std::size_t foreign = findNotUtf8(text);
  std::string lines;
  int number = 1;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (at == foreign) {
      return wrongLine(name,
                       number,
                       "the file is not UTF-8: here is the byte " + escaped(text.substr(at, 1)))
          .advise("save it as UTF-8");
    }
    const bool line_ends = c == '\r' || c == '\n';
    if (!line_ends && c != '\t' && (static_cast<unsigned char>(c) < ' ' || c == '\x7f')) {
      return wrongLine(name, number, "here is the control character " + escaped({&c, 1}))
          .advise("remove it");
    }
    lines += line_ends ? '\n' : c;
    number += line_ends ? 1 : 0;
    at += c == '\r' && text.substr(at + 1).starts_with('\n') ? 1 : 0;
  }
  return lines;
}

}  // namespace

Result<std::vector<RawEntry>> parseSource(const std::string& text, const std::string& name) {
  WEIR_TRY(const std::string lines, readableText(text, name));
  if (auto flat = parseFlat(lines, name)) {
    return *std::move(flat);
  }
  return parseYaml(lines, name);  // Nested, or at least YAML will say what is wrong.
}

Result<std::vector<RawEntry>> readSourceFile(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return systemError(errno, "read configuration " + path);
  }
  if (!S_ISREG(info.st_mode)) {
    return Error(ErrorCode::kInvalidArgument, "read configuration " + path + ": is not a file");
  }
  if (info.st_size > kMostBytes) {
    return Error(ErrorCode::kInvalidArgument,
                 "read configuration " + path + ": has " + std::to_string(info.st_size) +
                     " bytes, and at most " + std::to_string(kMostBytes) + " are read");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || (info.st_size > 0 && !(text << file.rdbuf()))) {
    return systemError(errno != 0 ? errno : EIO, "read configuration " + path);
  }
  return parseSource(text.str(), path);
}

}  // namespace weir::config
