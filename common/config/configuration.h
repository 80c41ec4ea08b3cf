#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/config/option.h"

namespace weir::config {

/// What is worth a line in the log but stops nobody, one sentence each.
using Warnings = std::vector<std::string>;

/// Values that were set, checked, each with the place it came from; the rest are defaults.
///
/// A value type: load it once, hand it on by reference. Every value in it is valid for its option,
/// so that get() cannot fail. Threads: const calls from any.
class Configuration {
 public:
  struct Entry {
    std::string key;  ///< The option's own name, also when an alias was used.
    std::string value;
    std::string source;  ///< "/conf/flink-conf.yaml:12", "-D" or "job".
  };

  struct Description {
    const OptionInfo* option = nullptr;
    std::string value;   ///< In force.
    std::string source;  ///< As in Entry, or "default".
  };

  /// Only defaults.
  Configuration() = default;

  /// Reads `path` (a file, or a directory with flink-conf.yaml or config.yaml) and puts `overrides`
  /// ("key=value") above it. Errors: kNotFound or kIo for the file, else kInvalidArgument for the
  /// first key or value that is wrong, naming key, value, file and line, and what is allowed.
  static Result<Configuration> load(const std::string& path,
                                    const std::vector<std::string>& overrides,
                                    Warnings& warnings);

  /// The same, but keeps all that is right and lists everything that is wrong in `problems`.
  static Configuration check(const std::string& path,
                             const std::vector<std::string>& overrides,
                             Warnings& warnings,
                             std::vector<Error>& problems);

  /// Only `overrides` ("key=value") above defaults: for a program without configuration directory,
  /// and to tell a wrong `-D` from a wrong file.
  static Result<Configuration> fromOverrides(const std::vector<std::string>& overrides,
                                             Warnings& warnings);

  /// What toMap() gave, on another machine or in another version: keys unknown here are dropped.
  static Result<Configuration> fromMap(const std::map<std::string, std::string>& values,
                                       std::string_view source = "job");
  /// What was set, by key, but for secrets: travels with a job.
  std::map<std::string, std::string> toMap() const;
  /// With secrets: never leaves the process, but to a worker of its own on its own socket.
  std::map<std::string, std::string> toWholeMap() const;

  /// The value in force; without value and default a T{}.
  template <typename T>
  T get(const Option<T>& option) const;
  /// The value that was set, or nullopt for the default.
  template <typename T>
  std::optional<T> find(const Option<T>& option) const {
    return isSet(option) ? std::optional<T>(get(option)) : std::nullopt;
  }
  bool isSet(const OptionInfo& option) const;

  /// Sets a value by key or alias, replacing an earlier one. kInvalidArgument for an unknown key or
  /// a wrong value, naming `source`.
  Status set(std::string_view key, std::string value, std::string_view source);

  /// This configuration, with all that is set in `above` in front.
  Configuration overlaidWith(const Configuration& above) const;

  /// What was set, by key, for showing it: secrets are starred.
  std::vector<Entry> entries() const;
  /// The option with its value in force.
  Description describe(const OptionInfo& option) const;
  /// The value in force as text, empty without one.
  std::string text(const OptionInfo& option) const;

 private:
  friend class Loader;
  struct Setting {
    std::string value;
    std::string source;
  };
  std::map<std::string, Setting, std::less<>> settings_;
};

/// The directory of the configuration: `explicit_directory` (from --configDir) unless empty, else
/// $WEIR_CONF_DIR, else conf/ beside the bin/ of this executable. kNotFound when the one that was
/// named does not exist; an empty string when none was named and there is none.
Result<std::string> findConfigDirectory(const std::string& explicit_directory);

}  // namespace weir::config
