#include "common/client/command_table.h"

namespace weir::client {

Command verifyCommand() { return {.name = "savepoint verify", .later = ""}; }

}  // namespace weir::client
