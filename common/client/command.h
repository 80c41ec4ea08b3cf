#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/client/invocation.h"

namespace weir::client {

/// An option of a command, beside those that all have.
struct CommandOption {
  std::string names{};    ///< Short and long, "-p,--parallelism"; the last is what Given calls it.
  std::string meaning{};  ///< A line of help.
  std::string value{};    ///< What stands for its value in help, "N"; empty: it takes none.
  bool repeated = false;
};

/// What a user gave a command, as far as the table says: no value is empty, no word too much.
struct Given {
  std::vector<std::string> words;  ///< Behind the options; PROGRAM's own among them.
  std::map<std::string, std::vector<std::string>> options;  ///< Values, by name: "--parallelism".

  bool has(const std::string& option) const { return options.contains(option); }
  std::string value(const std::string& option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::string() : found->second.front();
  }
  std::vector<std::string> values(const std::string& option) const {
    const auto found = options.find(option);
    return found == options.end() ? std::vector<std::string>() : found->second;
  }
  /// The word at `at`, or nothing.
  std::string word(std::size_t at) const { return at < words.size() ? words[at] : std::string(); }
};

/// One command of `weir`: an entry of the table in command_table.cc, made in a file of its own.
/// All that is said of a command in help, and all that is asked before it runs, follows from this.
struct Command {
  std::string name{};                ///< "list"; behind that of its group: "savepoint list".
  std::string meaning{};             ///< One line, for lists of commands.
  std::vector<std::string> usage{};  ///< What may follow the name and the options, a line each.
  std::string help{};                ///< Behind the options: explanations and examples.
  std::vector<CommandOption> options{};
  /// What must be given, as sentences call it: "the JOB to cancel".
  std::vector<std::string> needs{};
  std::size_t most_words = 0;
  /// Which word is a PROGRAM: it and all behind it are its own, whatever they look like.
  std::optional<std::size_t> program_at{};
  bool asks_job_manager = true;  ///< Has -m.
  bool configured = true;        ///< The configuration is read, and wrong ones end it.
  /// Not empty: this release does not have it, but what is said here.
  std::optional<std::string> later{};
  std::function<int(const Invocation&, const Given&)> run{};
};

inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

}  // namespace weir::client
