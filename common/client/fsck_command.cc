#include "common/client/command_table.h"

namespace weir::client {

Command fsckCommand() { return {.name = "fsck", .later = ""}; }

}  // namespace weir::client
