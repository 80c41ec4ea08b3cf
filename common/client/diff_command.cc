#include "common/client/command_table.h"

namespace weir::client {

Command diffCommand() { return {.name = "savepoint diff", .later = ""}; }

}  // namespace weir::client
