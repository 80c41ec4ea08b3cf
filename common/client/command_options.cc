#include "common/client/command_options.h"

#include "common/base/version.h"
#include "common/client/command_table.h"
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

/// "--parallelism" of "-p,--parallelism".
std::string longNameOf(const CommandOption& option) {
  return option.names.substr(option.names.rfind(',') + 1);
}

/// A line for each command behind the name of `group`.
std::string listOf(const std::string& group) {
  std::string lines;
  for (const Command* one : commandsOf(group)) {
    if (!one->later) {
      std::string name = "  " + ownName(*one);
      name.resize(std::max(name.size() + 1, std::size_t{14}), ' ');
      lines += name + one->meaning + "\n";
    }
  }
  return lines.empty() ? "" : "Commands:\n" + lines;
}

}  // namespace

/// CLI11 2.1 knows no usage line of one's own and wraps nothing; its formatter lets both be put in.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kHelpColumn); }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(CLI::Formatter::make_option_desc(option), kHelpWidth - kHelpColumn);
  }
  std::string make_usage(const CLI::App* app, std::string name) const override {
    const Command* command = findCommand(app->get_name());
    if (command == nullptr) {
      return CLI::Formatter::make_usage(app, std::move(name));
    }
    std::string lines;
    for (const std::string& form : command->usage) {
      lines +=
          (lines.empty() ? "Usage: weir " : "       weir ") + command->name + " " + form + "\n";
    }
    for (const Command* one : commandsOf(command->name)) {
      for (const std::string& form : one->later ? std::vector<std::string>() : one->usage) {
        lines += "       weir " + one->name + " " + form + "\n";
      }
    }
    return lines;
  }
};

ParsedCommand::ParsedCommand(const Command& command, CommonWords& common)
    : command_(command), app_(std::make_shared<CLI::App>(command.meaning, command.name)) {
  if (command.asks_job_manager) {
    app_->add_option(
            "-m,--jobmanager",
            common.job_manager,
            "Job manager to ask; without it jobmanager.rpc.address and .port of the configuration")
        ->type_name("HOST:PORT");
  }
  app_->add_option(
          "-D", common.overrides, "Sets a configuration key for this command (and its job)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  app_->add_flag("--json", common.json, "One JSON document on standard output, nothing else");
  for (const CommandOption& option : command.options) {
    add(option);
  }
  // PROGRAM and all behind it do not come here.
  if (command.most_words > 0 && command.program_at != 0U) {
    app_->add_option("words", words_, "")->group("");
  }
  app_->footer(listOf(command.name) + "\n" + command.help);
}

void ParsedCommand::add(const CommandOption& option) {
  const std::string name = longNameOf(option);
  if (option.value.empty()) {
    app_->add_flag(option.names, flags_[name], option.meaning);
  } else if (option.repeated) {
    app_->add_option(option.names, lists_[name], option.meaning)
        ->type_name(option.value)
        ->allow_extra_args(false);
  } else {
    app_->add_option(option.names, values_[name], option.meaning)->type_name(option.value);
  }
}

std::size_t ParsedCommand::endOfOptions(const std::vector<std::string>& words,
                                        std::size_t stop_at) const {
  std::size_t plain = 0;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool option = word.size() > 1 && word[0] == '-';
    if (word == "--" || (!option && plain++ == stop_at)) {
      return i;
    }
    i += option && takesNextWord(*app_, word) ? 1 : 0;
  }
  return words.size();
}

Given ParsedCommand::given() const {
  Given given{.words = words_, .options = {}};
  for (const auto& [name, is_set] : flags_) {
    if (is_set) {
      given.options[name];
    }
  }
  for (const auto& [name, value] : values_) {
    if (!value.empty()) {
      given.options[name] = {value};
    }
  }
  for (const auto& [name, values] : lists_) {
    if (!values.empty()) {
      given.options[name] = values;
    }
  }
  return given;
}

CommandOptions::CommandOptions() : formatter_(std::make_shared<HelpFormatter>()) {
  app_.formatter(formatter_);
  app_.set_version_flag("-v,--version", "Version: " + std::string(releaseVersion()));
  app_.require_subcommand(0, 1);
  app_.footer(
      "\nExit status: 0 done, 1 it failed, 2 wrong usage.\n"
      "'weir COMMAND --help' explains one command with examples.");
  for (const Command& command : commandTable()) {
    if (command.later) {
      continue;
    }
    auto& parsed = commands_[command.name];
    parsed = std::make_unique<ParsedCommand>(command, common_);
    parsed->app().formatter(formatter_);
    if (command.name == ownName(command)) {
      app_.add_subcommand(parsed->shared());
    }
  }
}

ParsedCommand* CommandOptions::find(const std::string& command) {
  const auto found = commands_.find(command);
  return found == commands_.end() ? nullptr : found->second.get();
}

}  // namespace weir::client
