#include "common/client/command_table.h"

namespace weir::client {

Command inspectCommand() { return {.name = "savepoint inspect", .later = ""}; }

}  // namespace weir::client
