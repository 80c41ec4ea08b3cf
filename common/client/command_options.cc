#include "common/client/command_options.h"

#include "common/base/version.h"
#include "common/client/console.h"

namespace weir::client {

namespace {

constexpr std::size_t kHelpColumn = 32;  // Where descriptions begin.
constexpr std::size_t kHelpWidth = 79;

/// Is the word behind this option its value? Not that of "--option=value" and "-ovalue".
bool takesNextWord(const CLI::App& app, const std::string& word) {
  const auto has_value = [&app](const std::string& name) {
    const CLI::Option* option = app.get_option_no_throw(name);
    return option != nullptr && option->get_items_expected_max() > 0;
  };
  if (word.starts_with("--")) {
    return has_value(word);
  }
  for (std::size_t at = 1; at < word.size(); ++at) {  // Flags may be joined: -dp 4.
    if (has_value({'-', word[at]})) {
      return at + 1 == word.size();
    }
  }
  return false;
}

}  // namespace

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

CommandOptions::CommandOptions() : formatter_(std::make_shared<HelpFormatter>()) {
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

CLI::App* CommandOptions::find(const std::string& command) {
  const auto found =
      app_.get_subcommands([&command](CLI::App* one) { return one->get_name() == command; });
  return found.empty() ? nullptr : found.front();
}

std::size_t CommandOptions::endOfOptions(const std::string& command,
                                         const std::vector<std::string>& words,
                                         bool before_program) {
  const CLI::App* app = find(command);
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool option = word.size() > 1 && word[0] == '-';
    if (word == "--" || (before_program && !option)) {
      return i;
    }
    i += option && app != nullptr && takesNextWord(*app, word) ? 1 : 0;
  }
  return words.size();
}

CLI::App& CommandOptions::add(const std::string& name, const std::string& meaning) {
  CLI::App& command = *app_.add_subcommand(name, meaning);
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
  return command;
}

void CommandOptions::addRun() {
  CLI::App& run = add("run", "Submits a program and follows its job to its end");
  run.add_option("-p,--parallelism", words_.parallelism, "Parallelism of what names none itself")
      ->type_name("N");
  run.add_option("-s,--fromSavepoint",
                 words_.run.savepoint,
                 "Starts from a savepoint or completed checkpoint")
      ->type_name("PATH");
  run.add_flag("-n,--allowNonRestoredState",
               words_.run.allow_non_restored,
               "Drops all state of the savepoint that matches no operator");
  run.add_option("--drop", words_.run.drop, "Drops the state of this uid, or one state of it")
      ->type_name("UID[/STATE]")
      ->allow_extra_args(false);
  run.add_option("--map", words_.run.map, "State of uid OLD goes to the operator with uid NEW")
      ->type_name("OLD=NEW")
      ->allow_extra_args(false);
  run.add_flag("-d,--detached",
               words_.run.detached,
               "Returns once the job is accepted and its savepoint matched");
  run.add_option("--ship", words_.run.ship, "Puts a file into the workers' working directory")
      ->type_name("FILE")
      ->allow_extra_args(false);
  formatter_->usages["run"] = ("weir run [OPTIONS] PROGRAM [args...]");
  run.footer(
      "\nExamples:\n"
      "  weir run examples/word_count --input /usr/share/common-licenses\n"
      "  weir run -d -p 4 build/my_job --rate 1000\n"
      "  weir run -s file:/savepoints/savepoint-0123456789ab build/my_job");
}

void CommandOptions::addInfo() {
  CLI::App& info = add("info", "Prints the plan of a program that is not run");
  info.add_option("-p,--parallelism", words_.parallelism, "Parallelism of what names none itself")
      ->type_name("N");
  formatter_->usages["info"] = ("weir info [OPTIONS] PROGRAM [args...]");
  info.footer("\nExample:\n  weir info build/my_job | jq '.vertices[].operators[].uid'");
}

void CommandOptions::addList() {
  CLI::App& list = add("list", "Lists jobs: start time, id, name, state");
  list.add_flag("-r,--running", words_.list.running, "Only running and restarting jobs");
  list.add_flag("-s,--scheduled", words_.list.scheduled, "Only jobs that are not running yet");
  list.add_flag("-a,--all", words_.list.all, "Jobs that have ended too");
  list.footer("\nExample:\n  weir list -r");
}

void CommandOptions::addCancel() {
  CLI::App& cancel = add("cancel", "Cancels a job, with -s after a savepoint");
  cancel.add_flag("-s,--withSavepoint",
                  words_.cancel_with_savepoint,
                  "Takes a savepoint first, in DIR if one is given");
  cancel.add_flag("-d,--detached", words_.cancel_detached, "Returns once cancelling has begun");
  cancel.add_option("words", words_.cancel_words, "[DIR] JOB")->type_name("");
  formatter_->usages["cancel"] = ("weir cancel [OPTIONS] [-s [DIR]] JOB");
  cancel.footer(
      "\nExamples:\n"
      "  weir cancel 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
      "  weir cancel -s /savepoints 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f");
}

void CommandOptions::addSavepoint() {
  CLI::App& savepoint = add("savepoint", "Triggers, lists and disposes savepoints");
  savepoint.add_flag("-d,--dispose", words_.dispose, "Disposes the savepoint PATH");
  savepoint.add_flag(
      "--force", words_.force, "With -d: also while a restored job has no checkpoint of its own");
  savepoint.add_option("words", words_.savepoint_words, "JOB [DIR], or PATH, or 'list'")
      ->type_name("");
  formatter_->usages["savepoint"] =
      ("weir savepoint [OPTIONS] JOB [DIR]\n"
       "       weir savepoint [OPTIONS] -d PATH [PROGRAM [args...]]\n"
       "       weir savepoint [OPTIONS] list");
  savepoint.footer(
      "\nWith DIR it is a file savepoint in DIR, whatever store is configured.\n"
      "PROGRAM discards state handles of its own making (Checkpointed<S>, S derived\n"
      "from StateHandle); without it the program stored with the savepoint does.\n"
      "Options of PROGRAM follow a '--', which ends those of the command.\n"
      "Examples:\n"
      "  weir savepoint 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f\n"
      "  weir savepoint 6b0e5c3a6a7d4f1c9b1f0a3b5c7d9e1f /savepoints\n"
      "  weir savepoint -d file:/savepoints/savepoint-0123456789ab");
}

void CommandOptions::addConfig() {
  CLI::App& config = add("config", "Shows every option and its value; checks a file");
  config.add_option("words", words_.config_words, "KEY, or 'check' and a file")->type_name("");
  formatter_->usages["config"] =
      ("weir config [OPTIONS] [KEY]\n       weir config [OPTIONS] check [FILE]");
  config.footer(
      "\nExamples:\n"
      "  weir config savepoints.state.backend\n"
      "  weir config check conf/flink-conf.yaml");
}

}  // namespace weir::client
