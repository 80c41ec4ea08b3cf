#include "common/client/command_table.h"

namespace weir::client {

Command checkCommand() { return {.name = "savepoint check", .later = ""}; }

}  // namespace weir::client
