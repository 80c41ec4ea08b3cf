#include "common/daemon/arguments.h"

#include <algorithm>
#include <string_view>

#include "common/base/version.h"

namespace weir::daemon {
namespace {

constexpr int kWrongUsage = 2;

Farewell wrongUsage(const Description& description, const std::string& what) {
  return {kWrongUsage,
          description.name + ": wrong usage: " + what + "; see " + description.name + " --help\n"};
}

/// Splits `--option=VALUE` and `-Dkey=value`; without a value `separate` is set.
struct Word {
  std::string option;
  std::string value;
  bool separate = false;

  explicit Word(const std::string& word) : option(word) {
    const std::size_t equals = word.find('=');
    if (word.starts_with("-D") && word.size() > 2) {
      option = "-D";
      value = word.substr(2);
    } else if (word.starts_with("--") && equals != std::string::npos) {
      option = word.substr(0, equals);
      value = word.substr(equals + 1);
    } else {
      separate = true;
    }
  }
};

/// What the value of an option is called, as the error for a wrong one; empty for a right one.
std::string complaint(const Word& word) {
  const bool is_override = word.option == "-D";
  const std::size_t equals = word.value.find('=');
  if (is_override ? equals != std::string::npos && equals > 0 : !word.value.empty()) {
    return {};
  }
  return word.option + (is_override ? " needs key=value, not \"" : " needs a value, not \"") +
         word.value + "\"";
}

}  // namespace

std::variant<Arguments, Farewell> parseArguments(const std::vector<std::string>& words,
                                                 const Description& description) {
  Arguments arguments;
  for (auto next = words.begin(); next != words.end(); ++next) {
    if (*next == "--help" || *next == "-h") {
      return Farewell{0, description.help};
    }
    if (*next == "--version" || *next == "-v") {
      return Farewell{0, description.name + " " + std::string(releaseVersion()) + "\n"};
    }
    if (*next == "--" && next + 1 == words.end()) {
      break;  // The end of the options, and there are no arguments.
    }
    Word word(*next);
    const auto shortcut =
        std::find_if(description.shortcuts.begin(),
                     description.shortcuts.end(),
                     [&](const Description::Shortcut& one) { return one.option == word.option; });
    const bool is_shortcut = shortcut != description.shortcuts.end();
    if (!is_shortcut && word.option != "--configDir" && word.option != "-D") {
      return wrongUsage(description, "unknown argument \"" + *next + "\"");
    }
    if (word.separate) {
      if (next + 1 == words.end()) {
        return wrongUsage(description, word.option + " needs a value");
      }
      word.value = *++next;
    }
    if (const std::string wrong = complaint(word); !wrong.empty()) {
      return wrongUsage(description, wrong);
    }
    if (is_shortcut) {
      arguments.overrides.push_back(shortcut->key + "=" + word.value);
    } else if (word.option == "-D") {
      arguments.overrides.push_back(word.value);
    } else {
      arguments.config_directory = word.value;
    }
  }
  return arguments;
}

}  // namespace weir::daemon
