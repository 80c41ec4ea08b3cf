#include "common/client/command_line.h"

#include <algorithm>
#include <charconv>
#include <functional>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <signal.h>

#include "common/base/version.h"
#include "common/client/commands.h"
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

constexpr std::size_t kHelpColumn = 32;  // Where descriptions begin.
constexpr std::size_t kHelpWidth = 79;

/// CLI11 2.1 knows no usage line of one's own and wraps nothing; its formatter lets both be put in.
class HelpFormatter final : public CLI::Formatter {
 public:
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(CLI::Formatter::make_option_desc(option), kHelpWidth - kHelpColumn);
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    const auto found = usages.find(app->get_name());
    return found == usages.end() ? CLI::Formatter::make_usage(app, std::move(name))
                                 : "Usage: " + found->second + "\n";
  }
  std::map<std::string, std::string> usages;  ///< By command.
};

/// The words of all commands, as CLI11 fills them in.
struct Words {
  std::string job_manager;
  std::vector<std::string> overrides;
  bool json = false;
  std::string parallelism;
  RunOptions run;
  ListOptions list;
  bool cancel_with_savepoint = false;
  std::vector<std::string> cancel_words;
  bool dispose = false;
  bool force = false;
  std::vector<std::string> savepoint_words;
  std::vector<std::string> program_arguments;  // Of `savepoint -d PATH PROGRAM`.
  std::vector<std::string> config_words;
};

class CommandLine {
 public:
  CommandLine();
  int run(int argc, char** argv);

 private:
  /// A wrong use: one line and where help is; exit status 2.
  int wrongUse(const std::string& command, const std::string& why) const;
  void addCommon(CLI::App& command);
  void addRun();
  void addInfo();
  void addList();
  void addCancel();
  void addSavepoint();
  void addConfig();

  /// Runs the parsed command with console, configuration and address.
  int dispatch();
  int dispatchRun(const Invocation& invocation);
  int dispatchCancel(const Invocation& invocation);
  int dispatchSavepoint(const Invocation& invocation);
  int dispatchConfig(const Invocation& invocation);
  Result<std::uint32_t> parallelism() const;
  Status takeProgram();

  std::shared_ptr<HelpFormatter> formatter_ =
      std::make_shared<HelpFormatter>();  // CLI11 shares it.
  CLI::App app_{"weir: runs stream jobs and keeps their savepoints", "weir"};
  CLI::App* run_ = nullptr;
  CLI::App* info_ = nullptr;
  CLI::App* list_ = nullptr;
  CLI::App* cancel_ = nullptr;
  CLI::App* savepoint_ = nullptr;
  CLI::App* config_ = nullptr;
  Words words_;
};

CommandLine::CommandLine() {
  formatter_->column_width(kHelpColumn);
  app_.formatter(formatter_);
  app_.set_version_flag("-v,--version", "Version: " + std::string(releaseVersion()));
  app_.require_subcommand(0, 1);
  app_.footer(
      "\nExit status: 0 done, 1 it failed, 2 wrong usage.\n"
      "'weir COMMAND --help' explains one command with examples.");
  addRun();
  addInfo();
  addList();
  addCancel();
  addSavepoint();
  addConfig();
}

void CommandLine::addCommon(CLI::App& command) {
  command
      .add_option(
          "-m,--jobmanager",
          words_.job_manager,
          "Job manager to ask; without it jobmanager.rpc.address and .port of the configuration")
      ->type_name("HOST:PORT");
  command
      .add_option("-D", words_.overrides, "Sets a configuration key for this command (and its job)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_flag("--json", words_.json, "One JSON document on standard output, nothing else");
}

void CommandLine::addRun() {
  run_ = app_.add_subcommand("run", "Submits a program and follows its job to its end");
  addCommon(*run_);
  run_->add_option("-p,--parallelism", words_.parallelism, "Parallelism of what names none itself")
      ->type_name("N");
  run_->add_option("-s,--fromSavepoint",
                   words_.run.savepoint,
                   "Starts from a savepoint or completed checkpoint")
      ->type_name("PATH");
  run_->add_flag("-n,--allowNonRestoredState",
                 words_.run.allow_non_restored,
                 "Drops all state of the savepoint that matches no operator");
  run_->add_option("--drop", words_.run.drop, "Drops the state of this uid")
      ->type_name("UID")
      ->allow_extra_args(false);
  run_->add_option("--map", words_.run.map, "State of uid OLD goes to the operator with uid NEW")
      ->type_name("OLD=NEW")
      ->allow_extra_args(false);
  run_->add_flag("-d,--detached",
                 words_.run.detached,
                 "Returns once the job is accepted and its savepoint matched");
  run_->add_option("--ship", words_.run.ship, "Puts a file into the workers' working directory")
      ->type_name("FILE")
      ->allow_extra_args(false);
  run_->prefix_command();
  formatter_->usages["run"] = ("weir run [OPTIONS] PROGRAM [args...]");
  run_->footer(
      "\nExamples:\n"
      "  weir run examples/word_count --input /usr/share/common-licenses\n"
      "  weir run -d -p 4 build/my_job --rate 1000\n"
      "  weir run -s file:/savepoints/savepoint-0123456789ab build/my_job");
}

void CommandLine::addInfo() {
  info_ = app_.add_subcommand("info", "Prints the plan of a program that is not run");
  addCommon(*info_);
  info_->add_option("-p,--parallelism", words_.parallelism, "Parallelism of what names none itself")
      ->type_name("N");
  info_->prefix_command();
  formatter_->usages["info"] = ("weir info [OPTIONS] PROGRAM [args...]");
  info_->footer("\nExample:\n  weir info build/my_job | jq '.vertices[].operators[].uid'");
}

void CommandLine::addList() {
  list_ = app_.add_subcommand("list", "Lists jobs: start time, id, name, state");
  addCommon(*list_);
  list_->add_flag("-r,--running", words_.list.running, "Only running and restarting jobs");
  list_->add_flag("-s,--scheduled", words_.list.scheduled, "Only jobs that are not running yet");
  list_->add_flag("-a,--all", words_.list.all, "Jobs that have ended too");
  list_->footer("\nExample:\n  weir list -r");
}

void CommandLine::addCancel() {
  cancel_ = app_.add_subcommand("cancel", "Cancels a job, with -s after a savepoint");
  addCommon(*cancel_);
  cancel_->add_flag("-s,--withSavepoint",
                    words_.cancel_with_savepoint,
                    "Takes a savepoint first, in DIR if one is given");
  cancel_->add_option("words", words_.cancel_words, "[DIR] JOB")->type_name("");
  formatter_->usages["cancel"] = ("weir cancel [OPTIONS] [-s [DIR]] JOB");
  cancel_->footer(
      "\nExamples:\n"
      "  weir cancel 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
      "  weir cancel -s /savepoints 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f");
}

void CommandLine::addSavepoint() {
  savepoint_ = app_.add_subcommand("savepoint", "Triggers, lists and disposes savepoints");
  addCommon(*savepoint_);
  savepoint_->add_flag("-d,--dispose", words_.dispose, "Disposes the savepoint PATH");
  savepoint_->add_flag(
      "--force", words_.force, "With -d: also while a restored job has no checkpoint of its own");
  savepoint_->add_option("words", words_.savepoint_words, "JOB [DIR], or PATH, or 'list'")
      ->type_name("");
  formatter_->usages["savepoint"] =
      ("weir savepoint [OPTIONS] JOB [DIR]\n"
       "       weir savepoint [OPTIONS] -d PATH [PROGRAM [args...]]\n"
       "       weir savepoint [OPTIONS] list");
  savepoint_->footer(
      "\nWith DIR it is a file savepoint in DIR, whatever store is configured.\n"
      "PROGRAM discards state handles of its own making (Checkpointed<S>, S derived\n"
      "from StateHandle); without it the program stored with the savepoint does.\n"
      "Options of PROGRAM follow a '--'.\n"
      "Examples:\n"
      "  weir savepoint 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
      "  weir savepoint 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f /savepoints\n"
      "  weir savepoint -d file:/savepoints/savepoint-0123456789ab");
}

void CommandLine::addConfig() {
  config_ = app_.add_subcommand("config", "Shows every option and its value; checks a file");
  addCommon(*config_);
  config_->add_option("words", words_.config_words, "KEY, or 'check' and a file")->type_name("");
  formatter_->usages["config"] =
      ("weir config [OPTIONS] [KEY]\n       weir config [OPTIONS] check [FILE]");
  config_->footer(
      "\nExamples:\n"
      "  weir config savepoints.state.backend\n"
      "  weir config check conf/flink-conf.yaml");
}

int CommandLine::wrongUse(const std::string& command, const std::string& why) const {
  const std::string what = command.empty() ? "usage" : command;
  const std::string help = command.empty() ? "weir --help" : "weir " + command + " --help";
  Console(words_.json)
      .failure(what, Error(ErrorCode::kInvalidArgument, why).advise("see '" + help + "'"));
  return kUsage;
}

int CommandLine::run(int argc, char** argv) {
  std::string command = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
  if (command == "savepoint") {  // What follows "--" is of the program that disposes.
    char** const end = argv + argc;
    char** const separator = std::find(argv, end, std::string_view("--"));
    if (separator != end) {
      words_.program_arguments.assign(separator + 1, end);
      argc = static_cast<int>(separator - argv);
    }
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app_.exit(success);
  } catch (const CLI::ParseError& error) {
    words_.json = std::find(argv, argv + argc, std::string_view("--json")) != argv + argc;
    const auto commands =
        app_.get_subcommands([&](const CLI::App* one) { return one->get_name() == command; });
    if (!command.empty() && commands.empty()) {
      return wrongUse("", "'" + command + "' is not a command");
    }
    return wrongUse(command, error.what());
  }
  if (app_.get_subcommands().empty()) {
    fmt::print(stderr, "{}", app_.help());
    return wrongUse("", "no command was given");
  }
  return dispatch();
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
  std::vector<std::string> rest = app_.get_subcommands().front()->remaining();
  if (!rest.empty() && rest.front() == "--") {
    rest.erase(rest.begin());
  } else if (!rest.empty() && rest.front().starts_with("-")) {
    return Error(ErrorCode::kInvalidArgument, "there is no option '" + rest.front() + "'");
  }
  if (rest.empty()) {
    return Error(ErrorCode::kInvalidArgument, "the PROGRAM to run was not given");
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
  const CLI::Option* const from = run_->get_option("--fromSavepoint");
  if (from->count() > 0 && words_.run.savepoint.empty()) {
    return wrongUse(command, "-s takes the path of a savepoint, and '' is none");
  }
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
  if (!words_.program_arguments.empty() && (!words_.dispose || given.size() < 2)) {
    return wrongUse("savepoint", "what follows '--' is for the PROGRAM of -d PATH PROGRAM");
  }
  if (words_.dispose) {
    if (given.empty() || given[0].empty()) {
      return wrongUse("savepoint", "the PATH to dispose was not given");
    }
    DisposeOptions options{.path = given[0], .force = words_.force, .program = {}, .arguments = {}};
    if (given.size() > 1) {
      options.program = given[1];
      options.arguments.assign(given.begin() + 2, given.end());
      options.arguments.insert(options.arguments.end(),
                               words_.program_arguments.begin(),
                               words_.program_arguments.end());
    }
    return disposeSavepoint(invocation, options);
  }
  if (given.empty()) {
    return wrongUse("savepoint", "the JOB to save was not given");
  }
  if (given[0] == "list") {
    return given.size() == 1 ? listSavepoints(invocation)
                             : wrongUse("savepoint", "'list' takes no arguments");
  }
  if (given.size() > 2) {
    return wrongUse("savepoint", "too many arguments ('" + given.back() + "')");
  }
  if (given.size() == 2 && given[1].empty()) {
    return wrongUse("savepoint", "DIR is empty");
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
  return CommandLine().run(argc, argv);
}

}  // namespace weir::client
