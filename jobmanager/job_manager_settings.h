#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/config/configuration.h"
#include "common/fs/file_system.h"
#include "common/rpc/server.h"
#include "jobmanager/web/rest_api.h"

/// What the parts of a job manager are told by its configuration. Any thread.
namespace weir::jobmanager {

/// The directory that blobs get a directory of their own in.
std::string blobParent(const config::Configuration& configuration);

/// The names that clients may ask HTTP for, beside those that always work.
std::vector<std::string> hostNames(const config::Configuration& configuration);

/// Makes the directories that jobs will need, so that a wrong one is known before any job is.
Status makeDirectories(const config::Configuration& configuration,
                       const std::string& blobs,
                       fs::FileSystem& files);

/// The first one that is not empty.
std::string firstOf(std::initializer_list<std::string> values);

inline std::size_t sizeOf(std::int64_t count) { return static_cast<std::size_t>(count); }

/// How many connections RPC and HTTP may hold.
struct Connections {
  std::size_t rpc;
  std::size_t web;
};

/// As configured, or less where the process may open too few files: some are kept for the others.
Connections connectionLimits(const config::Configuration& configuration);

rpc::ServerLimits serverLimits(const config::Configuration& configuration,
                               const Connections& connections);
web::RestApi::Settings webSettings(const config::Configuration& configuration);

}  // namespace weir::jobmanager
