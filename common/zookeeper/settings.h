#pragma once

#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/config/configuration.h"

namespace weir::zookeeper {

/// How a process reaches the ensemble, and where everything stands there. A plain value.
struct Settings {
  std::string quorum;  ///< "host:port,host:port".
  std::string root;    ///< Of this cluster; other nodes are named with it: "/flink/leader".
  std::string latch;
  std::string leader;
  std::string jobs;
  std::string checkpoints;
  Duration session_timeout = std::chrono::seconds(60);
  Duration connection_timeout = std::chrono::seconds(15);
  Duration retry_wait = std::chrono::seconds(5);
  int retries = 3;

  /// kInvalidArgument, naming the key, for a quorum that is none and for paths that ZooKeeper does
  /// not take.
  static Result<Settings> from(const config::Configuration& configuration);
};

}  // namespace weir::zookeeper
