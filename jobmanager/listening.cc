#include "jobmanager/listening.h"

#include <string>
#include <utility>

#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "jobmanager/web/host_names.h"

namespace weir::jobmanager {

Result<std::unique_ptr<web::HttpServer>> listenForHttp(const config::Configuration& configuration,
                                                       const config::Security& security,
                                                       const Connections& limits,
                                                       const KnownPorts& known,
                                                       web::HttpServer::Handler handler) {
  const std::int64_t port = configuration.get(config::kWebPort);
  if (port < 0) {
    return std::unique_ptr<web::HttpServer>();
  }
  web::HttpServer::Settings settings;
  settings.host = firstOf({configuration.get(config::kWebBindAddress),
                           configuration.get(config::kJobManagerBindHost),
                           configuration.get(config::kJobManagerRpcAddress)});
  settings.port = static_cast<std::uint16_t>(port == 0 && known.web > 0 ? known.web : port);
  settings.most_connections = limits.web;
  settings.request_timeout = configuration.get(config::kWebRequestTimeout);
  settings.serves = [names = web::HostNames(hostNames(configuration))](std::string_view host) {
    return names.contain(host);
  };
  auto listening = web::HttpServer::listen(std::move(settings), security, std::move(handler));
  if (!listening.has_value()) {
    return std::move(listening).error().advise(
        "set jobmanager.web.port to another port (0: a free one, -1: no HTTP), or end the process "
        "that has it");
  }
  return listening;
}

Result<std::unique_ptr<rpc::Server>> listenForRpc(
    const config::Configuration& configuration,
    const KnownPorts& known,
    const std::function<Result<std::unique_ptr<rpc::Server>>(const rpc::Address&)>& start) {
  WEIR_TRY(std::vector<int> ports, config::resolveJobManagerPorts(configuration));
  if (known.rpc > 0) {
    ports.insert(ports.begin(), known.rpc);
  }
  const std::string host = firstOf({configuration.get(config::kJobManagerBindHost),
                                    configuration.get(config::kJobManagerRpcAddress)});
  auto server = start({host, ports.front()});
  for (std::size_t i = 1;
       i < ports.size() && !server.has_value() && server.error().code() == ErrorCode::kUnavailable;
       ++i) {
    server = start({host, ports[i]});
  }
  return server;
}

zookeeper::LeaderAddress addressOfLeader(const config::Configuration& configuration,
                                         const KnownPorts& ports,
                                         LeaderEpoch epoch) {
  const std::string host = configuration.get(config::kJobManagerRpcAddress);
  const std::string web =
      ports.web > 0 ? "http://" + rpc::Address{host, ports.web}.text() : std::string();
  return {rpc::Address{host, ports.rpc}.text(), web, epoch};
}

}  // namespace weir::jobmanager
