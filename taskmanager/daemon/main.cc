// weir-taskmanager: see task_manager.h for what it does, the contract for how it is started.
#include <memory>

#include "common/daemon/daemon.h"
#include "taskmanager/daemon/task_manager.h"

namespace {

constexpr const char* kHelp =
    "Usage: weir-taskmanager [--configDir DIR] [-D key=value]...\n"
    "\n"
    "Runs a task manager in the foreground: registers with the job manager at\n"
    "jobmanager.rpc.address:jobmanager.rpc.port and runs the tasks of jobs.\n"
    "\n"
    "  --configDir DIR  where flink-conf.yaml is (else $WEIR_CONF_DIR, else conf/ beside bin/)\n"
    "  -D key=value     sets an option above the file; `weir config` lists them\n"
    "  --help           shows this\n"
    "  --version        shows the version\n"
    "\n"
    "Stops in order on SIGTERM and SIGINT. Logs to standard error, or to log.file.\n"
    "\n"
    "Example: weir-taskmanager -D taskmanager.numberOfTaskSlots=4\n";

weir::Result<weir::daemon::Stop> start(const weir::config::Configuration& configuration,
                                       weir::daemon::GiveUp give_up) {
  WEIR_TRY(auto task_manager,
           weir::taskmanager::TaskManager::start(
               configuration, [give_up = std::move(give_up)](const weir::Error& error) {
                 give_up(weir::Error(error).during("cannot register"));
               }));
  // Shared: functions are copied.
  return weir::daemon::Stop([shared = std::shared_ptr<weir::taskmanager::TaskManager>(
                                 std::move(task_manager))] { shared->stop(); });
}

}  // namespace

int main(int argc, char** argv) {
  return weir::daemon::run(
      argc,
      argv,
      {.name = "weir-taskmanager", .component = "taskmanager", .help = kHelp, .shortcuts = {}},
      start);
}
