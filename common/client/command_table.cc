#include "common/client/command_table.h"

namespace weir::client {

const std::vector<Command>& commandTable() {
  static const std::vector<Command> table = {runCommand(),
                                             infoCommand(),
                                             listCommand(),
                                             cancelCommand(),
                                             stopCommand(),
                                             upgradeCommand(),
                                             savepointCommand(),
                                             savepointListCommand(),
                                             inspectCommand(),
                                             verifyCommand(),
                                             checkCommand(),
                                             exportCommand(),
                                             diffCommand(),
                                             labelCommand(),
                                             fsckCommand(),
                                             checkpointsCommand(),
                                             configCommand(),
                                             configCheckCommand()};
  return table;
}

const Command* findCommand(const std::string& name) {
  for (const Command& command : commandTable()) {
    if (command.name == name) {
      return &command;
    }
  }
  return nullptr;
}

std::vector<const Command*> commandsOf(const std::string& group) {
  std::vector<const Command*> commands;
  for (const Command& command : commandTable()) {
    if (command.name.starts_with(group + " ")) {
      commands.push_back(&command);
    }
  }
  return commands;
}

std::string ownName(const Command& command) {
  const std::size_t blank = command.name.rfind(' ');
  return blank == std::string::npos ? command.name : command.name.substr(blank + 1);
}

}  // namespace weir::client
