// weir-taskmanager: see task_manager.h for what it does, the contract for how it is started.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/version.h"
#include "common/config/configuration.h"
#include "common/config/options.h"
#include "common/telemetry/log.h"
#include "taskmanager/daemon/task_manager.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

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

struct Arguments {
  std::string config_directory;
  std::vector<std::string> overrides;
};

int wrongUsage(const std::string& what) {
  std::fprintf(
      stderr, "weir-taskmanager: wrong usage: %s; see weir-taskmanager --help\n", what.c_str());
  return kWrongUsage;
}

int failed(const weir::Error& error) {
  std::fprintf(stderr, "weir-taskmanager: %s\n", error.text().c_str());
  return kFailed;
}

// The exit status when the process ends here, else -1.
int parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    std::string value;
    const bool is_directory = argument == "--configDir" || argument.starts_with("--configDir=");
    if (argument == "--help" || argument == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (argument == "--version") {
      std::printf("weir-taskmanager %s\n", std::string(weir::releaseVersion()).c_str());
      return 0;
    }
    if (argument == "--configDir" || argument == "-D") {
      if (++i == argc) {
        return wrongUsage(std::string(argument) + " needs a value");
      }
      value = argv[i];
    } else if (is_directory) {
      value = argument.substr(std::string_view("--configDir=").size());
    } else if (argument.starts_with("-D")) {
      value = argument.substr(2);
    } else {
      return wrongUsage("unknown argument \"" + std::string(argument) + "\"");
    }
    if (is_directory) {
      arguments.config_directory = value;
    } else if (value.find('=') == std::string::npos) {
      return wrongUsage("-D needs key=value, not \"" + value + "\"");
    } else {
      arguments.overrides.push_back(value);
    }
  }
  return -1;
}

weir::Result<weir::config::Configuration> configure(const Arguments& arguments) {
  namespace config = weir::config;
  config::Warnings warnings;
  WEIR_TRY(const std::string directory, config::findConfigDirectory(arguments.config_directory));
  WEIR_TRY(auto configuration,
           directory.empty()
               ? config::Configuration::fromOverrides(arguments.overrides, warnings)
               : config::Configuration::load(directory, arguments.overrides, warnings));
  weir::log::Settings settings;
  WEIR_TRY(settings.level, weir::log::parseLevel(configuration.get(config::kLogLevel)));
  settings.file = configuration.get(config::kLogFile);
  settings.rotate = static_cast<int>(configuration.get(config::kLogMax));
  weir::log::setComponent("taskmanager");
  WEIR_RETURN_IF_ERROR(weir::log::configure(settings));
  for (const std::string& warning : warnings) {
    weir::log::warn(warning);
  }
  return configuration;
}

// Descriptors 0 to 2 are always open, so that none of ours gets their numbers.
void openStandardDescriptors() {
  int descriptor = ::open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO) {
    descriptor = ::open("/dev/null", O_RDWR);
  }
  if (descriptor >= 0) {
    ::close(descriptor);
  }
}

int serve(const weir::config::Configuration& configuration) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Inherited by every thread.
  std::signal(SIGPIPE, SIG_IGN);
  std::atomic<int> status = 0;
  auto task_manager =
      weir::taskmanager::TaskManager::start(configuration, [&status](const weir::Error& error) {
        status = failed(weir::Error(error).during("cannot register"));
        ::kill(::getpid(), SIGTERM);
      });
  if (!task_manager) {
    return failed(task_manager.error().during("cannot start"));
  }
  int signal = 0;
  ::sigwait(&signals, &signal);
  weir::log::info("task manager stops", {{"signal", signal}});
  (*task_manager)->stop();  // Bounded; further signals stay pending.
  weir::log::info("task manager ended", {{"status", status.load()}});
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  openStandardDescriptors();
  Arguments arguments;
  if (const int status = parse(argc, argv, arguments); status >= 0) {
    return status;
  }
  const auto configuration = configure(arguments);
  if (!configuration) {
    return failed(configuration.error().during("cannot start"));
  }
  const int status = serve(*configuration);
  weir::log::flush();
  return status;
}
