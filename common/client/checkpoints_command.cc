#include "common/client/command_table.h"

namespace weir::client {

Command checkpointsCommand() {
  return {.name = "checkpoints", .later = "GET /jobs/JOB/checkpoints shows them"};
}

}  // namespace weir::client
