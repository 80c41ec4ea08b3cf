#include "common/client/command_table.h"

namespace weir::client {

Command labelCommand() { return {.name = "savepoint label", .later = ""}; }

}  // namespace weir::client
