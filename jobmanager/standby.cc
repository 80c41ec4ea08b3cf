#include "jobmanager/standby.h"

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "common/concurrency/thread_executor.h"
#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"
#include "common/zookeeper/leader_watch.h"
#include "jobmanager/rpc/standby_service.h"
#include "jobmanager/web/http_server.h"
#include "jobmanager/web/standby.h"

namespace weir::jobmanager {

struct Standby::Parts {
  explicit Parts(zookeeper::Settings settings)
      : watch(std::make_unique<zookeeper::LeaderWatch>(
            std::move(settings),
            strand,
            [this](const std::optional<zookeeper::LeaderAddress>& address) { told(address); })) {}
  ~Parts() {
    if (server) {
      server->shutdown(Duration::zero());
    }
    http.reset();
    strand.runSync([this] { watch.reset(); });
  }

  void told(const std::optional<zookeeper::LeaderAddress>& address);
  bool isElsewhere() const;
  Error refusal() const;
  std::string web() const;

  mutable std::mutex mutex;
  std::optional<zookeeper::LeaderAddress> leader;  // Under the mutex.
  std::string own;                                 // Likewise; where we are reached.
  concurrency::ThreadExecutor strand{"jm-standby"};
  std::unique_ptr<zookeeper::LeaderWatch> watch;
  StandbyService calls{[this] { return refusal(); }};
  std::unique_ptr<web::HttpServer> http;
  std::unique_ptr<rpc::Server> server;
};

void Standby::Parts::told(const std::optional<zookeeper::LeaderAddress>& address) {
  if (address) {
    log::info("waits as standby, as another job manager leads",
              {{"leader", address->rpc}, {"epoch", address->epoch.value()}});
  }
  const std::lock_guard lock(mutex);
  leader = address;
}

/// What is told of us is what we have left behind. Under the mutex.
bool Standby::Parts::isElsewhere() const { return leader && leader->rpc != own; }

Error Standby::Parts::refusal() const {
  const std::lock_guard lock(mutex);
  return isElsewhere() ? runtime::leaderElsewhere(leader->rpc)
                       : runtime::leaderChange(
                             "this job manager waits as standby, and none is known to "
                             "lead just now");
}

std::string Standby::Parts::web() const {
  const std::lock_guard lock(mutex);
  return isElsewhere() ? leader->web : "";
}

Result<std::unique_ptr<Standby>> Standby::start(const config::Configuration& configuration,
                                                const config::Security& security,
                                                const Connections& limits) {
  WEIR_TRY(auto settings, zookeeper::Settings::from(configuration));
  auto parts = std::make_unique<Parts>(std::move(settings));
  Parts& own = *parts;
  WEIR_TRY(own.http,
           listenForHttp(configuration, security, limits, {}, [&own](std::string_view path) {
             return web::answerOfStandby(own.web(), path);
           }));
  WEIR_TRY(own.server, listenForRpc(configuration, {}, [&](const rpc::Address& address) {
             return rpc::Server::start(
                 address, {}, security, serverLimits(configuration, limits), &own.calls.service());
           }));
  {
    const std::lock_guard lock(own.mutex);
    own.own = addressOfLeader(configuration, {own.server->port(), -1}, LeaderEpoch()).rpc;
  }
  if (own.http) {
    own.http->serve();
  }
  return std::unique_ptr<Standby>(new Standby(std::move(parts)));  // NOLINT: private constructor.
}

Standby::Standby(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Standby::~Standby() = default;

KnownPorts Standby::ports() const {
  return {parts_->server->port(), parts_->http ? parts_->http->port() : -1};
}

}  // namespace weir::jobmanager
