#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/client/command.h"

namespace weir::client {

/// The words that every command takes.
struct CommonWords {
  std::string job_manager;
  std::vector<std::string> overrides;
  bool json = false;
};

class HelpFormatter;

/// One command as CLI11 parses it, with what it was given. Belongs to one thread.
class ParsedCommand {
 public:
  /// Both outlive it.
  ParsedCommand(const Command& command, CommonWords& common);
  ParsedCommand(const ParsedCommand&) = delete;
  ParsedCommand& operator=(const ParsedCommand&) = delete;

  const Command& command() const { return command_; }
  CLI::App& app() { return *app_; }
  const CLI::App_p& shared() const { return app_; }

  /// Where its options end in `words`, which begin with its name: at a "--" that is no option's
  /// value, or at the word number `stop_at`, from 0, that is neither option nor value.
  std::size_t endOfOptions(const std::vector<std::string>& words, std::size_t stop_at) const;
  /// What was parsed.
  Given given() const;

 private:
  void add(const CommandOption& option);

  const Command& command_;  // Of the table.
  CLI::App_p app_;          // Shared with the list of commands, for its help.
  std::vector<std::string> words_;
  // By name; CLI11 puts values into them.
  std::map<std::string, bool> flags_;
  std::map<std::string, std::string> values_;
  std::map<std::string, std::vector<std::string>> lists_;
};

/// All commands with their options and help. Belongs to one thread.
class CommandOptions {
 public:
  CommandOptions();
  CommandOptions(const CommandOptions&) = delete;
  CommandOptions& operator=(const CommandOptions&) = delete;

  /// `weir` itself: help, version, and no command.
  CLI::App& app() { return app_; }
  CommonWords& common() { return common_; }
  /// The command of this name that this release has, or nullptr.
  ParsedCommand* find(const std::string& command);

 private:
  CommonWords common_;
  std::shared_ptr<HelpFormatter> formatter_;  // CLI11 shares it.
  CLI::App app_{"weir: runs stream jobs and keeps their savepoints", "weir"};
  std::map<std::string, std::unique_ptr<ParsedCommand>> commands_;  // By name.
};

}  // namespace weir::client
