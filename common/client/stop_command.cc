#include "common/client/command_table.h"

namespace weir::client {

Command stopCommand() {
  return {.name = "stop", .later = "'weir cancel -s' ends a job with a savepoint"};
}

}  // namespace weir::client
