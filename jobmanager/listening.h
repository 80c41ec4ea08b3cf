#pragma once

#include <functional>
#include <memory>

#include "common/base/result.h"
#include "common/config/configuration.h"
#include "common/config/security.h"
#include "common/rpc/server.h"
#include "common/zookeeper/leader_address.h"
#include "jobmanager/job_manager_settings.h"
#include "jobmanager/web/http_server.h"

/// Where a job manager is reached: the same whether it leads or waits. Any thread.
namespace weir::jobmanager {

/// Ports of one that listened before and is to be found there again; 0 and -1: of none.
struct KnownPorts {
  int rpc = 0;
  int web = -1;
};

/// None where HTTP is off. kUnavailable, with the next step, for a port that is taken.
Result<std::unique_ptr<web::HttpServer>> listenForHttp(const config::Configuration& configuration,
                                                       const config::Security& security,
                                                       const Connections& limits,
                                                       const KnownPorts& known,
                                                       web::HttpServer::Handler handler);

/// Starts a server on the first port of the configuration that is free.
Result<std::unique_ptr<rpc::Server>> listenForRpc(
    const config::Configuration& configuration,
    const KnownPorts& known,
    const std::function<Result<std::unique_ptr<rpc::Server>>(const rpc::Address&)>& start);

/// What is told to those who look for the leader, which listens there.
zookeeper::LeaderAddress addressOfLeader(const config::Configuration& configuration,
                                         const KnownPorts& ports,
                                         LeaderEpoch epoch);

}  // namespace weir::jobmanager
