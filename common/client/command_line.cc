#include "common/client/command_line.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <signal.h>

#include "common/base/nearest.h"
#include "common/client/command_options.h"
#include "common/client/command_table.h"
#include "common/config/options.h"

namespace weir::client {
namespace {

void onSignal(int /*signal*/) { interrupted.store(true); }

void catchSignals() {
  struct sigaction action{};
  action.sa_handler = onSignal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // A second one ends the process.
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

std::string didYouMean(std::string_view meant) {
  return meant.empty() ? std::string() : " (did you mean '" + std::string(meant) + "'?)";
}

bool isAmong(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// The name of an option that takes one value and was given more, as `words` have it last; empty:
/// there is none.
std::string givenTwice(const CLI::App& app, const std::vector<std::string>& words) {
  const auto is_twice = [](const CLI::Option* option) {
    return option->get_items_expected_max() == 1 && option->count() > 1;
  };
  const auto options = app.get_options();
  const auto twice = std::ranges::find_if(options, is_twice);
  if (twice == options.end()) {
    return "";
  }
  const auto nameOf = [](const std::string& word) { return word.substr(0, word.find('=')); };
  const auto last = std::find_if(words.rbegin(), words.rend(), [&](const std::string& word) {
    return (*twice)->check_name(nameOf(word));
  });
  return last == words.rend() ? (*twice)->get_name() : nameOf(*last);
}

class CommandLine {
 public:
  int run(std::vector<std::string> words);

 private:
  int wrongUse(const std::string& command, const std::string& why);
  /// The command that `words` begin with; its words are one then. Nothing, with `why`, when there
  /// is none.
  ParsedCommand* chooseCommand(std::vector<std::string>& words, std::string& why);
  /// Parses; the exit status where the command ends here, with its sentence printed.
  std::optional<int> parse(ParsedCommand& command, std::vector<std::string> words);
  /// Without a command there is only help.
  int parseAlone(std::vector<std::string> words);
  /// What is wrong with an option or argument that the user gave without value; empty: nothing.
  std::string findEmpty(const CLI::App& command) const;
  /// Why CLI11 does not take `words`, in our words.
  std::string explain(const CLI::App& app,
                      const std::vector<std::string>& words,
                      const CLI::ParseError& error) const;
  std::string whyNoCommand(const std::string& command) const;
  /// Why what was given does not suffice, or is too much; empty: it is right.
  std::string findMissing(const Command& command) const;

  /// Runs the parsed command with console, configuration and address.
  int dispatch(const Command& command);

  CommandOptions options_;
  CommonWords& common_ = options_.common();
  Given given_;
};

int CommandLine::wrongUse(const std::string& command, const std::string& why) {
  Console console(common_.json);
  return client::wrongUse(console, command, why);
}

std::string CommandLine::explain(const CLI::App& app,
                                 const std::vector<std::string>& words,
                                 const CLI::ParseError& error) const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (!name.starts_with("--") || isAmong(names, name)) {
      continue;
    }
    const std::string_view meant = similar(name, {names.begin(), names.end()});
    return "there is no option '" + name + "'" + didYouMean(meant);
  }
  if (const std::vector<std::string> surplus = app.remaining(true); !surplus.empty()) {
    return surplus.front().starts_with('-') ? "there is no option '" + surplus.front() + "'"
                                            : "too many arguments ('" + surplus.front() + "')";
  }
  if (const std::string twice = givenTwice(app, words); !twice.empty()) {
    return "'" + twice + "' is given twice; give it once";
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && !words.empty()) {
    return "'" + words.back() + "' takes a value, and none was given";
  }
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    const CLI::Option* flag = name == word ? nullptr : app.get_option_no_throw(name);
    if (flag != nullptr && flag->get_items_expected_max() == 0) {
      return "'" + name + "' takes no value";
    }
  }
  return error.what();
}

std::string CommandLine::whyNoCommand(const std::string& command) const {
  const std::string none = "'" + command + "' is not a command";
  if (command == "help" || command == "version") {
    return none + didYouMean("--" + command);
  }
  std::vector<std::string> names;
  for (const Command& one : commandTable()) {
    if (!one.later && one.name == ownName(one)) {
      names.push_back(one.name);
    }
  }
  return none + didYouMean(similar(command, {names.begin(), names.end()}));
}

std::string CommandLine::findEmpty(const CLI::App& command) const {
  for (const CLI::Option* option : command.get_options()) {
    const bool has_value = option->get_items_expected_max() > 0;
    if (has_value && std::ranges::count(option->results(), std::string()) > 0) {
      return option->get_positional() ? "an argument is empty"
                                      : option->get_name() + " takes a value, and '' is none";
    }
  }
  return "";
}

std::string CommandLine::findMissing(const Command& command) const {
  const std::vector<std::string>& words = given_.words;
  if (words.size() < command.needs.size()) {
    return command.needs[words.size()] + " was not given";
  }
  if (words.size() > command.most_words) {
    return "too many arguments ('" + words[command.most_words] + "')";
  }
  for (std::size_t at = 0; at < words.size(); ++at) {
    const bool argument_of_program = command.program_at && at > *command.program_at;
    if (words[at].empty() && !argument_of_program) {
      return "an argument is empty";
    }
  }
  return "";
}

ParsedCommand* CommandLine::chooseCommand(std::vector<std::string>& words, std::string& why) {
  const bool is_one_word = words[0].find(' ') == std::string::npos;
  const Command* command = is_one_word ? findCommand(words[0]) : nullptr;
  ParsedCommand* parsed = options_.find(words[0]);
  if (command != nullptr && parsed != nullptr && !commandsOf(words[0]).empty()) {
    // The first word that is neither an option nor its value may name one of a group. Behind an
    // option of the group's own command it names a thing, as behind "savepoint -d".
    const std::size_t at = parsed->endOfOptions(words, 0);
    const auto own = [&](const CommandOption& option) {
      return std::any_of(words.begin(),
                         words.begin() + static_cast<std::ptrdiff_t>(at),
                         [&](const std::string& word) {
                           return ("," + option.names + ",").find("," + word + ",") !=
                                  std::string::npos;
                         });
    };
    const Command* inner = at < words.size() ? findCommand(words[0] + " " + words[at]) : nullptr;
    if (inner != nullptr && std::ranges::none_of(command->options, own)) {
      words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
      command = inner;
    }
  }
  if (command == nullptr) {
    why = whyNoCommand(words[0]);
    return nullptr;
  }
  words[0] = command->name;
  if (command->later) {
    why = "this release does not have '" + command->name + "' yet" +
          (command->later->empty() ? "" : "; " + *command->later);
    return nullptr;
  }
  return options_.find(command->name);
}

int CommandLine::parseAlone(std::vector<std::string> words) {
  try {
    options_.app().parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::Success& success) {
    return options_.app().exit(success);
  } catch (const CLI::ParseError& error) {
    return wrongUse("", explain(options_.app(), words, error));
  }
  fmt::print(stderr, "{}", options_.app().help());
  return wrongUse("", "no command was given");
}

std::optional<int> CommandLine::parse(ParsedCommand& parsed, std::vector<std::string> words) {
  const Command& command = parsed.command();
  CLI::App& app = parsed.app();
  const std::size_t end = parsed.endOfOptions(words, command.program_at.value_or(kAnyNumber));
  const std::size_t from = end + (end < words.size() && words[end] == "--" ? 1 : 0);
  const std::vector<std::string> rest(words.begin() + static_cast<std::ptrdiff_t>(from),
                                      words.end());
  words.resize(end);
  words.erase(words.begin());
  common_.json = false;
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // From the back.
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    common_.json = isAmong(words, "--json");
    return wrongUse(command.name, explain(app, words, error));
  }
  given_ = parsed.given();
  given_.words.insert(given_.words.end(), rest.begin(), rest.end());
  std::string wrong = findEmpty(app);
  // CLI11 takes the next word for the value of "--option=".
  for (const std::string& word : words) {
    if (word.starts_with("--") && word.ends_with('=')) {
      wrong = word.substr(0, word.size() - 1) + " takes a value, and '' is none";
    }
  }
  wrong = wrong.empty() ? findMissing(command) : wrong;
  return wrong.empty() ? std::nullopt : std::optional(wrongUse(command.name, wrong));
}

int CommandLine::run(std::vector<std::string> words) {
  if (!words.empty() && words[0] == "--") {
    words.erase(words.begin());
  }
  common_.json = isAmong(words, "--json");
  if (words.empty() || words[0].starts_with('-')) {
    return parseAlone(std::move(words));
  }
  std::string why;
  ParsedCommand* parsed = chooseCommand(words, why);
  if (parsed == nullptr) {
    return wrongUse("", why);
  }
  const std::optional<int> ended = parse(*parsed, std::move(words));
  return ended ? *ended : dispatch(parsed->command());
}

int CommandLine::dispatch(const Command& command) {
  Console console(common_.json);
  if (!command.configured) {
    const config::Configuration none;
    return command.run(Invocation{console, none, none, {}}, given_);
  }
  config::Warnings warnings;
  // Overrides alone first: a wrong -D is wrong usage, a wrong file a failure.
  const auto alone = config::Configuration::fromOverrides(common_.overrides, warnings);
  if (!alone) {
    return wrongUse(command.name, alone.error().text());
  }
  warnings.clear();
  const auto directory = config::findConfigDirectory("");
  if (!directory) {
    return console.failure(command.name, directory.error());
  }
  auto configuration = directory->empty()
                           ? config::Configuration::fromOverrides(common_.overrides, warnings)
                           : config::Configuration::load(*directory, common_.overrides, warnings);
  if (!configuration) {
    return console.failure(command.name, configuration.error());
  }
  rpc::Address address{configuration->get(config::kJobManagerRpcAddress),
                       static_cast<int>(configuration->get(config::kJobManagerRpcPort))};
  if (!common_.job_manager.empty()) {
    auto parsed = rpc::parseAddress(common_.job_manager);
    if (!parsed) {
      return wrongUse(command.name, "-m: " + parsed.error().text());
    }
    address = *std::move(parsed);
  }
  const bool named = !common_.job_manager.empty();
  return command.run(Invocation{console, *configuration, *alone, std::move(address), named},
                     given_);
}

}  // namespace

int commandLine(int argc, char** argv) {
  catchSignals();
  const int status = CommandLine().run({argv + std::min(argc, 1), argv + argc});
  std::cout.flush();
  if (status != kDone || (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout)) {
    return status;
  }
  std::fputs("weir: not all could be written to standard output\n", stderr);
  return kFailed;
}

}  // namespace weir::client
