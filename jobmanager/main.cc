// weir-jobmanager: job_manager.h says what it is, the contract how it is started.
#include <memory>

#include "common/config/resolve.h"
#include "common/daemon/daemon.h"
#include "common/runtime/leader_change.h"
#include "jobmanager/job_manager.h"

namespace {

constexpr const char* kHelp =
    "Usage: weir-jobmanager [--configDir DIR] [-D key=value]... [--host HOST] [--webui-port PORT]\n"
    "\n"
    "Runs a job manager in the foreground: serves clients and task managers at\n"
    "jobmanager.rpc.address:jobmanager.rpc.port, and HTTP on jobmanager.web.port.\n"
    "It is ready when GET /overview answers.\n"
    "\n"
    "  --configDir DIR    where flink-conf.yaml is (else $WEIR_CONF_DIR, else conf/ beside bin/)\n"
    "  -D key=value       sets an option above the file; `weir config` lists them\n"
    "  --host HOST        the same as -D jobmanager.rpc.address=HOST\n"
    "  --webui-port PORT  the same as -D jobmanager.web.port=PORT\n"
    "  --help             shows this\n"
    "  --version          shows the version\n"
    "\n"
    "With recovery.mode: filesystem or zookeeper it takes up the jobs of the one before it, or\n"
    "waits as standby while another one leads, and a stop leaves its jobs to the next one.\n"
    "\n"
    "Stops in order on SIGTERM and SIGINT. Logs to standard error, or to log.file.\n"
    "\n"
    "Example: weir-jobmanager -D jobmanager.rpc.port=6200 --webui-port 0\n";

weir::Result<weir::daemon::Stop> start(const weir::config::Configuration& configuration,
                                       const weir::daemon::GiveUp& give_up) {
  const bool waits_again = weir::config::usesZooKeeper(configuration);
  WEIR_TRY(auto job_manager,
           weir::jobmanager::JobManager::start(
               configuration, [give_up, waits_again](const weir::Error& why) {
                 if (waits_again && weir::runtime::isLeaderChange(why)) {
                   weir::daemon::beginAnew(why);  // As standby.
                 } else {
                   give_up(why);
                 }
               }));
  // Shared: functions are copied.
  return weir::daemon::Stop([shared = std::shared_ptr<weir::jobmanager::JobManager>(
                                 std::move(job_manager))] { shared->stop(); });
}

}  // namespace

int main(int argc, char** argv) {
  return weir::daemon::run(argc,
                           argv,
                           {.name = "weir-jobmanager",
                            .component = "jobmanager",
                            .help = kHelp,
                            .shortcuts = {{"--host", "jobmanager.rpc.address"},
                                          {"--webui-port", "jobmanager.web.port"}}},
                           start);
}
