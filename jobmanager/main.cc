// weir-jobmanager: job_manager.h says what it is, the contract how it is started.
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
#include "jobmanager/job_manager.h"

namespace {

constexpr int kFailed = 1;
constexpr int kWrongUsage = 2;

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
    "Stops in order on SIGTERM and SIGINT. Logs to standard error, or to log.file.\n"
    "\n"
    "Example: weir-jobmanager -D jobmanager.rpc.port=6200 --webui-port 0\n";

struct Arguments {
  std::string config_directory;
  std::vector<std::string> overrides;
};

int wrongUsage(const std::string& what) {
  std::fprintf(
      stderr, "weir-jobmanager: wrong usage: %s; see weir-jobmanager --help\n", what.c_str());
  return kWrongUsage;
}

int failed(const weir::Error& error) {
  std::fprintf(stderr, "weir-jobmanager: %s\n", error.text().c_str());
  return kFailed;
}

/// Takes one option with its value; false when it is none that we know.
bool take(std::string_view option, const std::string& value, Arguments& arguments) {
  if (option == "--configDir") {
    arguments.config_directory = value;
  } else if (option == "--host") {
    arguments.overrides.push_back("jobmanager.rpc.address=" + value);
  } else if (option == "--webui-port") {
    arguments.overrides.push_back("jobmanager.web.port=" + value);
  } else if (option == "-D") {
    arguments.overrides.push_back(value);
  } else {
    return false;
  }
  return true;
}

// The exit status when the process ends here, else -1.
int parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (argument == "--version") {
      std::printf("weir-jobmanager %s\n", std::string(weir::releaseVersion()).c_str());
      return 0;
    }
    std::string_view option = argument;
    std::string value;
    const std::size_t equals = argument.find('=');
    if (argument.starts_with("-D") && argument.size() > 2) {
      option = argument.substr(0, 2);
      value = argument.substr(2);
    } else if (argument.starts_with("--") && equals != std::string_view::npos) {
      option = argument.substr(0, equals);
      value = argument.substr(equals + 1);
    } else if (i + 1 < argc && argument.starts_with("-")) {
      value = argv[++i];
    } else if (argument == "-D" || argument.starts_with("--")) {
      return wrongUsage(std::string(argument) + " is unknown or needs a value");
    }
    if (!take(option, value, arguments)) {
      return wrongUsage("unknown argument \"" + std::string(argument) + "\"");
    }
    if (value.empty() || (option == "-D" && value.find('=') == std::string::npos)) {
      return wrongUsage(std::string(option) +
                        (option == "-D" ? " needs key=value, not \"" : " needs a value, not \"") +
                        value + "\"");
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
  weir::log::setComponent("jobmanager");
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
  auto job_manager = weir::jobmanager::JobManager::start(configuration);
  if (!job_manager) {
    return failed(job_manager.error().during("cannot start"));
  }
  int signal = 0;
  ::sigwait(&signals, &signal);
  weir::log::info("job manager stops", {{"signal", signal}});
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // A second one ends us at once.
  (*job_manager)->stop();
  weir::log::info("job manager ended");
  return 0;
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
