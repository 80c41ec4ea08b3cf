#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "common/client/commands.h"

namespace weir::client {

/// The words of all commands, as CLI11 fills them in.
struct Words {
  std::string job_manager;
  std::vector<std::string> overrides;
  bool json = false;
  std::string parallelism;
  RunOptions run;
  std::vector<std::string> program_words;
  ListOptions list;
  bool cancel_with_savepoint = false;
  bool cancel_detached = false;
  std::vector<std::string> cancel_words;
  bool dispose = false;
  bool force = false;
  std::vector<std::string> savepoint_words;
  std::vector<std::string> config_words;
};

class HelpFormatter;

/// All commands with their options and help, and the words that CLI11 puts into them. Belongs to
/// one thread.
class CommandOptions {
 public:
  CommandOptions();
  CommandOptions(const CommandOptions&) = delete;
  CommandOptions& operator=(const CommandOptions&) = delete;

  CLI::App& app() { return app_; }
  Words& words() { return words_; }
  const Words& words() const { return words_; }
  /// The command of this name, or nullptr.
  CLI::App* find(const std::string& command);
  /// Where the options of `command` end in `words`, which begin with its name: at a "--" that is no
  /// option's value, with `before_program` at the first word that is neither option nor value too.
  std::size_t endOfOptions(const std::string& command,
                           const std::vector<std::string>& words,
                           bool before_program);

 private:
  CLI::App& add(const std::string& name, const std::string& meaning);
  void addRun();
  void addInfo();
  void addList();
  void addCancel();
  void addSavepoint();
  void addConfig();

  std::shared_ptr<HelpFormatter> formatter_;  // CLI11 shares it.
  CLI::App app_{"weir: runs stream jobs and keeps their savepoints", "weir"};
  Words words_;
};

}  // namespace weir::client
