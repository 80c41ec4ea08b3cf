#pragma once

#include <string>
#include <vector>

#include "common/client/command.h"

namespace weir::client {

/// All commands, in the order of help.
const std::vector<Command>& commandTable();
/// The one of this name, or nullptr.
const Command* findCommand(const std::string& name);
/// The commands whose name begins with that of `group` and a blank, such as those of "savepoint".
std::vector<const Command*> commandsOf(const std::string& group);
/// The last word of a command's name.
std::string ownName(const Command& command);

// Each in <name>_command.cc; those of savepoints without that word.
Command runCommand();
Command infoCommand();
Command listCommand();
Command cancelCommand();
Command stopCommand();
Command upgradeCommand();
Command savepointCommand();
Command savepointListCommand();
Command inspectCommand();
Command verifyCommand();
Command checkCommand();
Command exportCommand();
Command diffCommand();
Command labelCommand();
Command fsckCommand();
Command checkpointsCommand();
Command configCommand();
Command configCheckCommand();

}  // namespace weir::client
