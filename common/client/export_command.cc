#include "common/client/command_table.h"

namespace weir::client {

Command exportCommand() { return {.name = "savepoint export", .later = ""}; }

}  // namespace weir::client
