#include "common/client/command_line.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <signal.h>

#include "common/base/nearest.h"
#include "common/base/utf8.h"
#include "common/client/command_options.h"
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

/// Has it a PROGRAM, whose words are its own?
bool takesProgram(const std::string& command) { return command == "run" || command == "info"; }

// What is said of commands that a later release will have.
constexpr const char* kLater = "this release does not have it yet";
constexpr const char* kStopLater =
    "this release does not have it yet; 'weir cancel -s' ends a job with a savepoint";
constexpr const char* kCheckpointsLater =
    "this release does not have it yet; GET /jobs/JOB/checkpoints shows them";
constexpr const char* kUpgradeLater =
    "this release does not have it yet; 'weir cancel -s' and 'weir run -s' do it in two steps";

class CommandLine {
 public:
  int run(int argc, char** argv);

 private:
  /// A wrong use: one line and where help is; exit status 2.
  int wrongUse(const std::string& command, const std::string& why) const;
  /// Parses; the exit status where the command ends here, with its sentence printed.
  std::optional<int> parse(std::vector<std::string> words);
  /// What is wrong with an option or argument that the user gave without value; empty: nothing.
  std::string findEmpty(const CLI::App& command) const;
  /// Why CLI11 does not take `words`, in our words.
  std::string explain(const std::string& command,
                      const std::vector<std::string>& words,
                      const CLI::ParseError& error);
  /// Takes the words that CLI11 does not see: PROGRAM and what follows it, or what follows "--".
  void takeRest(const std::string& command, const std::vector<std::string>& words);
  std::string whyNoCommand(const std::string& command);

  /// Runs the parsed command with console, configuration and address.
  int dispatch();
  int dispatchRun(const Invocation& invocation);
  int dispatchCancel(const Invocation& invocation);
  int dispatchSavepoint(const Invocation& invocation);
  int dispatchConfig(const Invocation& invocation);
  Result<std::uint32_t> parallelism() const;
  Status takeProgram();

  CommandOptions options_;
  CLI::App& app_ = options_.app();
  Words& words_ = options_.words();
  std::vector<std::string> surplus_;  // What followed "--" where nothing may.
};

int CommandLine::wrongUse(const std::string& command, const std::string& why) const {
  const std::string what = command.empty() ? "usage" : command;
  const std::string help = command.empty() ? "weir --help" : "weir " + command + " --help";
  Console(words_.json)
      .failure(what, Error(ErrorCode::kInvalidArgument, escaped(why)).advise("see '" + help + "'"));
  return kUsage;
}

std::string CommandLine::explain(const std::string& command,
                                 const std::vector<std::string>& words,
                                 const CLI::ParseError& error) {
  const CLI::App& app = command.empty() ? app_ : *options_.find(command);
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (!name.starts_with("--") || std::ranges::find(names, name) != names.end()) {
      continue;
    }
    const std::string_view meant = similar(name, {names.begin(), names.end()});
    return "there is no option '" + name + "'" + didYouMean(meant);
  }
  if (const std::vector<std::string> surplus = app.remaining(true); !surplus.empty()) {
    return surplus.front().starts_with('-') ? "there is no option '" + surplus.front() + "'"
                                            : "too many arguments ('" + surplus.front() + "')";
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

std::string CommandLine::whyNoCommand(const std::string& command) {
  const std::string none = "'" + command + "' is not a command";
  for (const auto& [name, instead] : {std::pair("help", "did you mean '--help'?"),
                                      std::pair("version", "did you mean '--version'?"),
                                      std::pair("stop", kStopLater),
                                      std::pair("fsck", kLater),
                                      std::pair("checkpoints", kCheckpointsLater),
                                      std::pair("upgrade", kUpgradeLater)}) {
    if (command == name) {
      return none + " (" + instead + ")";
    }
  }
  std::vector<std::string> names;
  for (const CLI::App* one : app_.get_subcommands([](CLI::App*) { return true; })) {
    names.push_back(one->get_name());
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

void CommandLine::takeRest(const std::string& command, const std::vector<std::string>& words) {
  std::vector<std::string>& into = takesProgram(command)    ? words_.program_words
                                   : command == "cancel"    ? words_.cancel_words
                                   : command == "savepoint" ? words_.savepoint_words
                                   : command == "config"    ? words_.config_words
                                                            : surplus_;
  into.insert(into.end(), words.begin(), words.end());
}

std::optional<int> CommandLine::parse(std::vector<std::string> words) {
  if (!words.empty() && words[0] == "--") {
    words.erase(words.begin());
  }
  const std::string command = !words.empty() && !words[0].starts_with('-') ? words[0] : "";
  const bool named = !words.empty() && (words[0].empty() || !command.empty());
  words_.json = std::ranges::find(words, "--json") != words.end();
  if (named && options_.find(command) == nullptr) {
    return wrongUse("", whyNoCommand(command));
  }
  words_.json = false;
  std::vector<std::string> rest;
  if (!command.empty()) {
    const std::size_t end = options_.endOfOptions(command, words, takesProgram(command));
    const std::size_t from = end + (end < words.size() && words[end] == "--" ? 1 : 0);
    rest.assign(words.begin() + static_cast<std::ptrdiff_t>(from), words.end());
    words.resize(end);
  }
  try {
    app_.parse(
        std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 takes them from the back.
  } catch (const CLI::Success& success) {
    return app_.exit(success);
  } catch (const CLI::ParseError& error) {
    words_.json = std::ranges::find(words, "--json") != words.end();
    return wrongUse(command, explain(command, words, error));
  }
  if (app_.get_subcommands().empty()) {
    fmt::print(stderr, "{}", app_.help());
    return wrongUse("", "no command was given");
  }
  takeRest(command, rest);
  if (!surplus_.empty()) {
    return wrongUse(command, "too many arguments ('" + surplus_.front() + "')");
  }
  std::string empty = findEmpty(*options_.find(command));
  // CLI11 takes the next word for the value of "--option=".
  for (const std::string& word : words) {
    if (word.starts_with("--") && word.ends_with('=')) {
      empty = word.substr(0, word.size() - 1) + " takes a value, and '' is none";
    }
  }
  if (!takesProgram(command) && std::ranges::find(rest, "") != rest.end()) {
    empty = "an argument is empty";
  }
  return empty.empty() ? std::nullopt : std::optional(wrongUse(command, empty));
}

int CommandLine::run(int argc, char** argv) {
  const std::optional<int> ended = parse({argv + std::min(argc, 1), argv + argc});
  return ended ? *ended : dispatch();
}

int CommandLine::dispatch() {
  const std::string command = app_.get_subcommands().front()->get_name();
  Console console(words_.json);
  if (command == "config" && !words_.config_words.empty() && words_.config_words[0] == "check") {
    const config::Configuration none;
    return dispatchConfig(Invocation{console, none, none, {}});
  }
  config::Warnings warnings;
  // Overrides alone first: a wrong -D is wrong usage, a wrong file a failure.
  const auto alone = config::Configuration::fromOverrides(words_.overrides, warnings);
  if (!alone) {
    return wrongUse(command, alone.error().text());
  }
  warnings.clear();
  const auto directory = config::findConfigDirectory("");
  if (!directory) {
    return console.failure(command, directory.error());
  }
  auto configuration = directory->empty()
                           ? config::Configuration::fromOverrides(words_.overrides, warnings)
                           : config::Configuration::load(*directory, words_.overrides, warnings);
  if (!configuration) {
    return console.failure(command, configuration.error());
  }
  rpc::Address address{configuration->get(config::kJobManagerRpcAddress),
                       static_cast<int>(configuration->get(config::kJobManagerRpcPort))};
  if (!words_.job_manager.empty()) {
    auto parsed = rpc::parseAddress(words_.job_manager);
    if (!parsed) {
      return wrongUse(command, "-m: " + parsed.error().text());
    }
    address = *std::move(parsed);
  }
  const Invocation invocation{console, *configuration, *alone, std::move(address)};
  if (command == "run" || command == "info") {
    return dispatchRun(invocation);
  }
  if (command == "list") {
    return listJobs(invocation, words_.list);
  }
  if (command == "cancel") {
    return dispatchCancel(invocation);
  }
  return command == "savepoint" ? dispatchSavepoint(invocation) : dispatchConfig(invocation);
}

Result<std::uint32_t> CommandLine::parallelism() const {
  if (words_.parallelism.empty()) {
    return 0U;
  }
  std::uint32_t value = 0;
  const char* end = words_.parallelism.data() + words_.parallelism.size();
  const auto [stop, error] = std::from_chars(words_.parallelism.data(), end, value);
  if (error != std::errc() || stop != end || value == 0 || value > 32768) {
    return Error(ErrorCode::kInvalidArgument,
                 "-p takes a number from 1 to 32768, not '" + words_.parallelism + "'");
  }
  return value;
}

Status CommandLine::takeProgram() {
  const std::vector<std::string>& rest = words_.program_words;
  if (rest.empty() || rest.front().empty()) {
    return Error(
        ErrorCode::kInvalidArgument,
        rest.empty() ? "the PROGRAM to run was not given" : "the name of PROGRAM is empty");
  }
  words_.run.program = rest.front();
  words_.run.arguments.assign(rest.begin() + 1, rest.end());
  return ok();
}

int CommandLine::dispatchRun(const Invocation& invocation) {
  const std::string command = app_.get_subcommands().front()->get_name();
  if (const Status program = takeProgram(); !program) {
    return wrongUse(command, program.error().text());
  }
  const auto parallel = parallelism();
  if (!parallel) {
    return wrongUse(command, parallel.error().text());
  }
  words_.run.parallelism = *parallel;
  if (words_.run.savepoint.empty() &&
      (words_.run.allow_non_restored || !words_.run.drop.empty() || !words_.run.map.empty())) {
    return wrongUse(command, "-n, --drop and --map need a savepoint (-s PATH)");
  }
  return command == "run" ? runProgram(invocation, words_.run) : showPlan(invocation, words_.run);
}

int CommandLine::dispatchCancel(const Invocation& invocation) {
  std::vector<std::string>& given = words_.cancel_words;
  CancelOptions options;
  options.with_savepoint = words_.cancel_with_savepoint;
  options.detached = words_.cancel_detached;
  if (given.empty()) {
    return wrongUse("cancel", "the JOB to cancel was not given");
  }
  if (given.size() > (options.with_savepoint ? 2U : 1U)) {
    return wrongUse("cancel", "too many arguments ('" + given.back() + "')");
  }
  options.job = given.back();
  if (given.size() == 2) {
    options.directory = given.front();
    // The order is [DIR] JOB; the other way round is understood where it is unmistakable.
    if (JobId::parse(given.front()) && !JobId::parse(given.back())) {
      std::swap(options.job, options.directory);
    }
  }
  return cancelJob(invocation, options);
}

int CommandLine::dispatchSavepoint(const Invocation& invocation) {
  const std::vector<std::string>& given = words_.savepoint_words;
  if (words_.dispose) {
    if (given.empty()) {
      return wrongUse("savepoint", "the PATH to dispose was not given");
    }
    DisposeOptions options{.path = given[0], .force = words_.force, .program = {}, .arguments = {}};
    if (given.size() > 1) {
      options.program = given[1];
      options.arguments.assign(given.begin() + 2, given.end());
    }
    return disposeSavepoint(invocation, options);
  }
  if (given.empty()) {
    return wrongUse("savepoint", "the JOB to save was not given");
  }
  for (const char* later : {"inspect", "verify", "check", "export", "diff", "label"}) {
    if (given[0] == later) {
      return wrongUse("savepoint",
                      std::string("this release does not have '") + later +
                          "' yet, but JOB [DIR], -d PATH and list");
    }
  }
  if (given[0] == "list") {
    return given.size() == 1 ? listSavepoints(invocation)
                             : wrongUse("savepoint", "'list' takes no arguments");
  }
  if (given.size() > 2) {
    return wrongUse("savepoint", "too many arguments ('" + given.back() + "')");
  }
  return takeSavepoint(invocation, {given[0], given.size() == 2 ? given[1] : ""});
}

int CommandLine::dispatchConfig(const Invocation& invocation) {
  const std::vector<std::string>& given = words_.config_words;
  if (!given.empty() && given[0] == "check") {
    if (given.size() > 2) {
      return wrongUse("config", "'check' takes one FILE");
    }
    if (given.size() == 2) {
      return checkConfiguration(invocation.console, given[1]);
    }
    const auto directory = config::findConfigDirectory("");
    if (!directory) {
      return invocation.console.failure("config check", directory.error());
    }
    return checkConfiguration(invocation.console, *directory);
  }
  if (given.size() > 1) {
    return wrongUse("config", "one KEY at a time");
  }
  return showConfiguration(invocation, given.empty() ? "" : given[0]);
}

}  // namespace

int commandLine(int argc, char** argv) {
  catchSignals();
  const int status = CommandLine().run(argc, argv);
  std::cout.flush();
  if (status != kDone || (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout)) {
    return status;
  }
  std::fputs("weir: not all could be written to standard output\n", stderr);
  return kFailed;
}

}  // namespace weir::client
