#include "common/config/source_file.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

namespace weir::config {

namespace {

Error wrongLine(const std::string& name, int line, std::string what) {
  return {ErrorCode::kInvalidArgument, name + ":" + std::to_string(line) + ": " + std::move(what)};
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Without a comment: '#' ends a line anywhere but inside quotes that the value begins with.
std::string_view withoutComment(std::string_view line) {
  const std::size_t colon = line.find(':');
  const std::size_t begin =
      colon == std::string_view::npos ? colon : line.find_first_not_of(" \t", colon + 1);
  if (begin != std::string_view::npos && (line[begin] == '"' || line[begin] == '\'') &&
      line.find('#') > begin) {
    const std::size_t end = line.find(line[begin], begin + 1);
    if (end != std::string_view::npos) {
      return line.substr(0, line.find('#', end));
    }
  }
  return line.substr(0, line.find('#'));
}

/// "key: value" without indentation; nullopt for anything that Flink 1.0 would not have written.
std::optional<RawEntry> parseFlatLine(std::string_view line, int number) {
  const std::size_t colon = line.find(':');
  const auto allowed = [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '$';
  };
  if (colon == std::string_view::npos || colon == 0) {
    return std::nullopt;
  }
  const std::string_view key = trim(line.substr(0, colon));
  const std::string_view rest = line.substr(colon + 1);
  if (std::isspace(static_cast<unsigned char>(line[0])) != 0 ||
      !std::ranges::all_of(key, allowed) || key.starts_with('-') ||
      (!rest.empty() && rest[0] != ' ' && rest[0] != '\t')) {
    return std::nullopt;
  }
  return RawEntry{std::string(key), std::string(trim(rest)), number};
}

std::string joinItems(const YAML::Node& list) {
  std::string joined;
  for (const YAML::Node& item : list) {
    joined += (joined.empty() ? "" : ",") + item.Scalar();
  }
  return joined;
}

bool isListOfScalars(const YAML::Node& node) {
  return node.IsSequence() && std::all_of(node.begin(), node.end(), [](const YAML::Node& item) {
           return item.IsScalar();
         });
}

constexpr int kDeepest = 32;
constexpr int kMostNodes = 10000;

/// Turns a YAML tree into flat entries. Bounded, as aliases can make a small file endless.
class Flattening {
 public:
  explicit Flattening(const std::string& name) : name_(name) {}

  Status add(const YAML::Node& node, const std::string& prefix, int depth = 0) {
    const int line = node.Mark().line + 1;
    if (depth > kDeepest || ++nodes_ > kMostNodes) {
      return wrongLine(name_, line, "there are too many keys, or they are nested too deeply");
    }
    if (node.IsMap()) {
      return addMap(node, prefix, depth);
    }
    if (node.IsScalar()) {
      entries_.push_back({prefix, node.Scalar(), line});
    } else if (isListOfScalars(node)) {
      entries_.push_back({prefix, joinItems(node), line});
    } else if (node.IsNull()) {
      entries_.push_back({prefix, "", line});
    } else {
      return wrongLine(
          name_, line, "key '" + prefix + "' has a value that is neither text nor a list");
    }
    return ok();
  }
  std::vector<RawEntry> take() { return std::move(entries_); }

 private:
  Status addMap(const YAML::Node& node, const std::string& prefix, int depth) {
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        return wrongLine(name_, node.Mark().line + 1, "a key is not plain text");
      }
      const std::string key = prefix + (prefix.empty() ? "" : ".") + member.first.Scalar();
      const std::size_t before = entries_.size();
      WEIR_RETURN_IF_ERROR(add(member.second, key, depth + 1));
      if (entries_.size() == before + 1 && !member.second.IsMap()) {
        entries_.back().line = member.first.Mark().line + 1;
      }
    }
    return ok();
  }

  const std::string& name_;  // Of the file; the caller's.
  int nodes_ = 0;
  std::vector<RawEntry> entries_;
};

Result<std::vector<RawEntry>> parseYaml(const std::string& text, const std::string& name) {
  try {  // yaml-cpp reports by exception; this is its edge.
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) {
      return std::vector<RawEntry>();
    }
    if (!root.IsMap()) {
      return wrongLine(name, root.Mark().line + 1, "expected lines of 'key: value'");
    }
    Flattening entries(name);
    WEIR_RETURN_IF_ERROR(entries.add(root, ""));
    return entries.take();
  } catch (const YAML::Exception& error) {
    return wrongLine(name, error.mark.line + 1, error.msg)
        .advise(
            "write 'key: value', with a blank after the colon, and indent nested keys by blanks");
  }
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

}  // namespace

Result<std::vector<RawEntry>> parseSource(const std::string& text, const std::string& name) {
  std::vector<RawEntry> entries;
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::string_view content = withoutComment(line);
    if (trim(content).empty() || trim(content) == "---") {
      continue;
    }
    auto entry = parseFlatLine(content, number);
    if (!entry || !unquote(*entry, name).has_value()) {
      return parseYaml(text, name);  // Nested, or at least YAML will say what is wrong.
    }
    entries.push_back(*std::move(entry));
  }
  return entries;
}

Result<std::vector<RawEntry>> readSourceFile(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return systemError(errno, "read configuration " + path);
  }
  if (!S_ISREG(info.st_mode)) {
    return Error(ErrorCode::kInvalidArgument, "read configuration " + path + ": is not a file");
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
