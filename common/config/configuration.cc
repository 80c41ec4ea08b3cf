#include "common/config/configuration.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <type_traits>

#include <unistd.h>

#include "common/base/program_environment.h"
#include "common/base/utf8.h"
#include "common/config/options.h"
#include "common/config/reference.h"
#include "common/config/secrets.h"
#include "common/config/value.h"

namespace weir::config {

namespace {

template <typename T>
T parsed(std::string_view text) {
  if constexpr (std::is_same_v<T, std::string>) {
    return std::string(text);
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    return parseList(text);
  } else {
    if (text.empty()) {
      return T{};
    }
    auto value = [&] {
      if constexpr (std::is_same_v<T, std::int64_t>) {
        return parseInteger(text);
      } else if constexpr (std::is_same_v<T, double>) {
        return parseNumber(text);
      } else if constexpr (std::is_same_v<T, bool>) {
        return parseBoolean(text);
      } else if constexpr (std::is_same_v<T, Duration>) {
        return parseDuration(text);
      } else {
        return parseMemorySize(text);
      }
    }();
    return *value;  // set() has checked it, and a test every default.
  }
}

}  // namespace

template <typename T>
T Configuration::get(const Option<T>& option) const {
  return parsed<T>(text(option));
}
template std::string Configuration::get(const Option<std::string>&) const;
template std::int64_t Configuration::get(const Option<std::int64_t>&) const;
template double Configuration::get(const Option<double>&) const;
template bool Configuration::get(const Option<bool>&) const;
template Duration Configuration::get(const Option<Duration>&) const;
template MemorySize Configuration::get(const Option<MemorySize>&) const;
template std::vector<std::string> Configuration::get(const Option<std::vector<std::string>>&) const;

bool Configuration::isSet(const OptionInfo& option) const {
  return settings_.find(option.key) != settings_.end();
}

Status Configuration::set(std::string_view key, std::string value, std::string_view source) {
  const OptionInfo* option = findOption(key);
  if (option == nullptr) {
    return Error(ErrorCode::kInvalidArgument,
                 "unknown key '" + std::string(key) + "' (" + std::string(source) + ")")
        .advise(adviceForUnknownKey(key));
  }
  if (findNotUtf8(value) != std::string::npos) {
    return Error(ErrorCode::kInvalidArgument,
                 "key '" + std::string(key) + "' (" + std::string(source) + "): '" +
                     escaped(shownValue(option->key, value)) + "' is not UTF-8");
  }
  if (const Status checked = checkValue(*option, value); !checked.has_value()) {
    return Error(ErrorCode::kInvalidArgument,
                 "key '" + std::string(key) + "' (" + std::string(source) +
                     "): " + checked.error().message())
        .advise("allowed: " + describeAllowed(*option));
  }
  settings_.insert_or_assign(std::string(option->key),
                             Setting{std::move(value), std::string(source)});
  return ok();
}

Result<Configuration> Configuration::fromMap(const std::map<std::string, std::string>& values,
                                             std::string_view source) {
  Configuration configuration;
  for (const auto& [key, value] : values) {
    if (findOption(key) != nullptr) {
      WEIR_RETURN_IF_ERROR(configuration.set(key, value, source));
    }
  }
  return configuration;
}

std::map<std::string, std::string> Configuration::toMap() const {
  std::map<std::string, std::string> values = toWholeMap();
  std::erase_if(values, [](const auto& one) { return isSecret(one.first); });
  return values;
}

std::map<std::string, std::string> Configuration::toWholeMap() const {
  std::map<std::string, std::string> values;
  for (const auto& [key, setting] : settings_) {
    values.emplace(key, setting.value);
  }
  return values;
}

Configuration Configuration::overlaidWith(const Configuration& above) const {
  Configuration result = above;
  result.settings_.insert(settings_.begin(), settings_.end());
  return result;
}

std::vector<Configuration::Entry> Configuration::entries() const {
  std::vector<Entry> entries;
  for (const auto& [key, setting] : settings_) {
    entries.push_back({key, shownValue(key, setting.value), setting.source});
  }
  return entries;
}

Configuration::Description Configuration::describe(const OptionInfo& option) const {
  const auto found = settings_.find(option.key);
  if (found == settings_.end()) {
    return {&option, std::string(option.fallback), "default"};
  }
  return {&option, found->second.value, found->second.source};
}

std::string Configuration::text(const OptionInfo& option) const { return describe(option).value; }

Result<std::string> findConfigDirectory(const std::string& explicit_directory) {
  std::error_code ignored;
  const auto named = [&](const std::string& directory,
                         const std::string& by) -> Result<std::string> {
    if (!std::filesystem::is_directory(directory, ignored)) {
      return Error(
          ErrorCode::kNotFound,
          "the configuration directory " + directory + ", named by " + by + ", does not exist");
    }
    return directory;
  };
  if (!explicit_directory.empty()) {
    return named(explicit_directory, "--configDir");
  }
  if (const char* variable = std::getenv(program_environment::kConfigurationDirectory);
      variable != nullptr && *variable != '\0') {
    return named(variable, program_environment::kConfigurationDirectory);
  }
  const auto executable = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto beside = executable.parent_path().parent_path() / "conf";
  return std::filesystem::is_directory(beside, ignored) ? beside.string() : std::string();
}

}  // namespace weir::config
