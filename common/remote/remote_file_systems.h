#pragma once

#include <map>
#include <string>

#include "common/config/configuration.h"
#include "common/fs/file_systems.h"

namespace weir::remote {

/// The file systems of this build, as a process with this configuration reaches them. Costs nothing
/// until a path of a remote one is touched.
fs::FileSystems fileSystems(const config::Configuration& configuration);

/// Gives the configuration of a worker on this machine what it needs to reach the same ones,
/// secrets included: also what this process knows from its environment and from files of its user,
/// as a worker has neither. What the job says of them goes. Reads files.
void tellWorker(const config::Configuration& own,
                std::map<std::string, std::string>& configuration);

}  // namespace weir::remote
