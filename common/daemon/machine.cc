#include "common/daemon/machine.h"

#include <array>
#include <fstream>

#include <unistd.h>

namespace weir::daemon {

std::string hostName() {
  std::array<char, 256> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

std::string machineId() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  return hostName() + "/" + boot;
}

}  // namespace weir::daemon
