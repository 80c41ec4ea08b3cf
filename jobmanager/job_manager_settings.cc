#include "jobmanager/job_manager_settings.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "common/base/version.h"
#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/daemon/descriptors.h"
#include "common/daemon/machine.h"
#include "common/telemetry/log.h"

namespace weir::jobmanager {

std::string blobParent(const config::Configuration& configuration) {
  const std::string named = configuration.get(config::kBlobDirectory);
  return named.empty() ? config::resolveTmpDirs(configuration).front() : named;
}

std::vector<std::string> hostNames(const config::Configuration& configuration) {
  std::vector<std::string> names = configuration.get(config::kWebAllowedHosts);
  names.insert(names.end(),
               {daemon::hostName(),
                configuration.get(config::kWebAddress),
                configuration.get(config::kWebBindAddress),
                configuration.get(config::kJobManagerBindHost),
                configuration.get(config::kJobManagerRpcAddress)});
  return names;
}

Status makeDirectories(const config::Configuration& configuration,
                       const std::string& blobs,
                       fs::FileSystem& files) {
  const auto make = [&files](std::string_view key, const std::string& directory) -> Status {
    const Status made = directory.empty() ? ok() : files.makeDirectories(directory);
    return made.has_value() ? ok()
                            : Status(Error(made.error())
                                         .during(std::string(key) + " " + directory)
                                         .advise("name a directory that can be written to"));
  };
  WEIR_TRY(const auto checkpoints, config::resolveCheckpointStorage(configuration));
  config::Warnings warned_elsewhere;
  WEIR_TRY(const auto savepoints, config::resolveSavepointStorage(configuration, warned_elsewhere));
  WEIR_RETURN_IF_ERROR(make(config::kCheckpointDirectory.key, checkpoints.directory));
  WEIR_RETURN_IF_ERROR(make(config::kSavepointDirectory.key, savepoints.directory));
  return make(config::kBlobDirectory.key, blobs);
}

std::string firstOf(std::initializer_list<std::string> values) {
  for (const std::string& value : values) {
    if (!value.empty()) {
      return value;
    }
  }
  return "";
}

Connections connectionLimits(const config::Configuration& configuration) {
  constexpr std::size_t kForFiles = 256;
  const Connections wanted{sizeOf(configuration.get(config::kRpcMaxConnections)),
                           sizeOf(configuration.get(config::kWebMaxConnections))};
  const std::size_t descriptors = daemon::descriptorLimit();
  const std::size_t room = descriptors > 2 * kForFiles ? descriptors - kForFiles : descriptors / 2;
  const std::size_t sum = wanted.rpc + wanted.web;
  if (sum <= room) {
    return wanted;
  }
  const Connections less{std::max<std::size_t>(wanted.rpc * room / sum, 4),
                         std::max<std::size_t>(wanted.web * room / sum, 4)};
  log::warn("fewer connections than configured, as few files may be open; raise the hard limit",
            {{"open_files", descriptors},
             {config::kRpcMaxConnections.key, less.rpc},
             {config::kWebMaxConnections.key, less.web}});
  return less;
}

rpc::ServerLimits serverLimits(const config::Configuration& configuration,
                               const Connections& connections) {
  rpc::ServerLimits limits;
  limits.connections = {connections.rpc, configuration.get(config::kRpcSilence)};
  limits.calls_per_connection =
      static_cast<int>(configuration.get(config::kRpcMaxCallsPerConnection));
  limits.message_bytes = static_cast<int>(configuration.get(config::kRpcMaxMessage).bytes);
  limits.memory = configuration.get(config::kRpcMaxMemory).bytes;
  limits.idle = configuration.get(config::kRpcIdle);
  return limits;
}

web::RestApi::Settings webSettings(const config::Configuration& configuration) {
  web::RestApi::Settings settings;
  settings.version = std::string(releaseVersion());
  settings.refresh_millis = std::chrono::duration_cast<std::chrono::milliseconds>(
                                configuration.get(config::kWebRefreshInterval))
                                .count();
  for (const config::Configuration::Entry& entry : configuration.entries()) {
    settings.configuration.emplace_back(entry.key, entry.value);
  }
  return settings;
}

}  // namespace weir::jobmanager
