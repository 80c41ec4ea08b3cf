#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "common/config/configuration.h"
#include "common/config/options.h"
#include "common/config/reference.h"
#include "common/config/source_file.h"
#include "common/config/value.h"

namespace weir::config {

/// Puts entries into a configuration and judges keys: unknown, ignored, given twice.
class Loader {
 public:
  Loader(Warnings& warnings, std::vector<Error>& problems)
      : warnings_(warnings), problems_(problems) {}

  /// Decides whether wrong keys are errors, before any is judged.
  void decideStrictness(const std::vector<RawEntry>& entries) {
    for (const RawEntry& entry : entries) {
      if (findOption(entry.key) == &kStrict) {
        const auto strict = parseBoolean(entry.value);
        strict_ = !strict.has_value() || *strict;
      }
    }
  }

  /// All entries of one origin, in order; they replace those of earlier origins.
  void add(const std::vector<RawEntry>& entries, const std::string& origin) {
    seen_.clear();
    for (const RawEntry& entry : entries) {
      const std::string place = entry.line > 0 ? origin + ":" + std::to_string(entry.line) : origin;
      addOne(entry, place);
    }
  }

  Configuration take() { return std::move(configuration_); }

 private:
  void addOne(const RawEntry& entry, const std::string& place) {
    const OptionInfo* option = findOption(entry.key);
    const std::string same = option != nullptr ? std::string(option->key) : entry.key;
    if (const auto earlier = seen_.find(same); earlier != seen_.end()) {
      wrongKey(
          "key '" + entry.key + "' (" + place + ") is given twice: first as " + earlier->second,
          "keep one of them");
    }
    seen_.insert_or_assign(same, "'" + entry.key + "' at " + place);
    if (option == nullptr) {
      unknown(entry.key, place);
    } else if (entry.value.empty()) {
      warnings_.push_back("key '" + entry.key + "' (" + place + ") has no value and is skipped");
    } else if (Status set = configuration_.set(entry.key, entry.value, place); !set.has_value()) {
      problems_.push_back(std::move(set).error());
    }
  }

  void unknown(const std::string& key, const std::string& place) {
    if (const std::string_view why = whyIgnored(key); !why.empty()) {
      warnings_.push_back("key '" + key + "' (" + place + ") is ignored: it " + std::string(why));
      return;
    }
    wrongKey("unknown key '" + key + "' (" + place + ")", adviceForUnknownKey(key));
  }

  void wrongKey(const std::string& what, const std::string& advice) {
    if (strict_) {
      problems_.push_back(Error(ErrorCode::kInvalidArgument, what).advise(advice));
    } else {
      warnings_.push_back(what + "; " + advice);
    }
  }

  Warnings& warnings_;            // Borrowed from the caller.
  std::vector<Error>& problems_;  // Likewise.
  Configuration configuration_;
  std::map<std::string, std::string> seen_;  // Key to the place of its first mention.
  bool strict_ = true;
};

namespace {

Result<std::string> findFile(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) {
    return path;
  }
  for (const char* name : {"flink-conf.yaml", "config.yaml"}) {
    const auto file = std::filesystem::path(path) / name;
    if (std::filesystem::exists(file, ignored)) {
      return file.string();
    }
  }
  return Error(ErrorCode::kNotFound, "the directory " + path + " has no flink-conf.yaml");
}

std::vector<RawEntry> splitOverrides(const std::vector<std::string>& overrides,
                                     std::vector<Error>& problems) {
  std::vector<RawEntry> entries;
  for (const std::string& text : overrides) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      problems.push_back(Error(ErrorCode::kInvalidArgument, "-D " + text + " is not key=value"));
    } else if (equals + 1 == text.size()) {
      problems.push_back(Error(ErrorCode::kInvalidArgument, "-D " + text + " has no value"));
    } else {
      entries.push_back({text.substr(0, equals), text.substr(equals + 1), 0});
    }
  }
  return entries;
}

Configuration build(const std::vector<RawEntry>& file,
                    const std::string& origin,
                    const std::vector<std::string>& overrides,
                    Warnings& warnings,
                    std::vector<Error>& problems) {
  const std::vector<RawEntry> above = splitOverrides(overrides, problems);
  Loader loader(warnings, problems);
  loader.decideStrictness(file);
  loader.decideStrictness(above);
  loader.add(file, origin);
  loader.add(above, "-D");
  return loader.take();
}

}  // namespace

Configuration Configuration::check(const std::string& path,
                                   const std::vector<std::string>& overrides,
                                   Warnings& warnings,
                                   std::vector<Error>& problems) {
  std::vector<RawEntry> entries;
  auto file = findFile(path);
  if (file.has_value()) {
    if (auto read = readSourceFile(*file); read.has_value()) {
      entries = *std::move(read);
    } else {
      problems.push_back(std::move(read).error());
    }
  } else {
    problems.push_back(file.error());
  }
  return build(entries, file.has_value() ? *file : path, overrides, warnings, problems);
}

Result<Configuration> Configuration::load(const std::string& path,
                                          const std::vector<std::string>& overrides,
                                          Warnings& warnings) {
  std::vector<Error> problems;
  Configuration configuration = check(path, overrides, warnings, problems);
  if (!problems.empty()) {
    return problems.front();
  }
  return configuration;
}

Result<Configuration> Configuration::fromOverrides(const std::vector<std::string>& overrides,
                                                   Warnings& warnings) {
  std::vector<Error> problems;
  Configuration configuration = build({}, "", overrides, warnings, problems);
  if (!problems.empty()) {
    return problems.front();
  }
  return configuration;
}

}  // namespace weir::config
