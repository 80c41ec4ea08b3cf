#include "common/client/command_table.h"

namespace weir::client {

Command upgradeCommand() {
  return {.name = "upgrade", .later = "'weir cancel -s' and 'weir run -s' do it in two steps"};
}

}  // namespace weir::client
