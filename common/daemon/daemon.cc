#include "common/daemon/daemon.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <absl/debugging/failure_signal_handler.h>
#include <absl/debugging/symbolize.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include "common/base/utf8.h"
#include "common/config/options.h"
#include "common/daemon/descriptors.h"
#include "common/daemon/error_guard.h"
#include "common/daemon/memory.h"
#include "common/telemetry/log.h"
#include "common/telemetry/log_file.h"

namespace weir::daemon {
namespace {

constexpr int kFailed = 1;
constexpr int kAnew = SIGUSR2;                         // To ourselves.
constexpr const char* kBegunAnew = "WEIR_BEGUN_ANEW";  // A variable of the next one.

int failed(const Description& description, const Error& error) {
  const std::string text = escaped(error.text(), "\n");
  std::fprintf(stderr, "%s: %s\n", description.name.c_str(), text.c_str());
  return kFailed;
}

/// Descriptors 0 to 2 are always open, so that none of ours gets their numbers.
void openStandardDescriptors() {
  int descriptor = ::open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO) {
    descriptor = ::open("/dev/null", O_RDWR);
  }
  if (descriptor >= 0) {
    ::close(descriptor);
  }
}

/// A daemon that crashes says where. Sanitizers do so themselves.
void showStackOfCrashes([[maybe_unused]] const char* program) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  absl::InitializeSymbolizer(program);
  absl::InstallFailureSignalHandler({});
  std::signal(SIGTERM, SIG_DFL);  // No failure.
#endif
}

Result<config::Configuration> configure(const Arguments& arguments, const std::string& component) {
  config::Warnings warnings;
  WEIR_TRY(const std::string directory, config::findConfigDirectory(arguments.config_directory));
  WEIR_TRY(auto configuration,
           directory.empty()
               ? config::Configuration::fromOverrides(arguments.overrides, warnings)
               : config::Configuration::load(directory, arguments.overrides, warnings));
  log::Settings settings;
  WEIR_TRY(settings.level, log::parseLevel(configuration.get(config::kLogLevel)));
  settings.file = configuration.get(config::kLogFile);
  settings.rotate = static_cast<int>(configuration.get(config::kLogMax));
  log::setComponent(component);
  WEIR_RETURN_IF_ERROR(log::configure(settings));
  log::rotateAt(configuration.get(config::kLogMaxSize).bytes);
  for (const std::string& warning : warnings) {
    log::warn(warning);
  }
  for (const config::Configuration::Entry& entry : configuration.entries()) {
    log::debug("set", {{"key", entry.key}, {"value", entry.value}, {"by", entry.source}});
  }
  return configuration;
}

/// The signals that serve() waits for.
sigset_t awaitedSignals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGTERM);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGHUP);
  ::sigaddset(&signals, kAnew);
  return signals;
}

/// Opens the log again at each SIGHUP; returns with the signal that ends the daemon.
int awaitEnd(const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    ::sigwait(&signals, &signal);
    if (signal != SIGHUP) {
      return signal;
    }
    if (const Status opened = log::reopen(); opened.has_value()) {
      log::info("log opened again", {{"signal", signal}});
    } else {
      log::error("the log goes on where it was", {{"reason", opened.error().text()}});
    }
  }
}

/// Returns when it cannot.
void executeAnew(char** argv, const sigset_t& mask) {
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(kAnew, SIG_IGN);  // Forgets another one that waits.
  std::signal(kAnew, SIG_DFL);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  ::setenv(kBegunAnew, "1", 1);  // The other threads have ended.
  ::execv("/proc/self/exe", argv);
}

int serve(const Description& description,
          const Start& start,
          const config::Configuration& configuration,
          bool& anew) {
  sigset_t signals = awaitedSignals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // Inherited by every thread.
  std::signal(SIGPIPE, SIG_IGN);
  const ErrorGuard guard{OutputLimits()};
  std::atomic<int> status = 0;
  const auto stop = start(configuration, [&](const Error& error) {
    status = failed(description, error);
    ::kill(::getpid(), SIGTERM);
  });
  if (!stop) {
    return failed(description, Error(stop.error()).during("cannot start"));
  }
  const int end = awaitEnd(signals);
  anew = end == kAnew;
  log::info("stopping", {{"signal", end}});
  ::sigdelset(&signals, SIGHUP);
  ::sigdelset(&signals, kAnew);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // A second one ends us at once.
  (*stop)();
  log::info("ended", {{"status", status.load()}});
  return status;
}

}  // namespace

void beginAnew(const Error& why) {
  log::warn("begins anew", {{"reason", why.text()}});
  ::kill(::getpid(), kAnew);
}

bool hasBegunAnew() { return std::getenv(kBegunAnew) != nullptr; }

int run(int argc, char** argv, const Description& description, const Start& start) {
  returnLargePieces();
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  openStandardDescriptors();
  raiseDescriptorLimit();
  showStackOfCrashes(argv[0]);
  sigset_t hang_up;
  ::sigemptyset(&hang_up);
  ::sigaddset(&hang_up, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &hang_up, nullptr);  // It ends no daemon, not even one that starts.
  const auto parsed = parseArguments({argv + 1, argv + argc}, description);
  if (const auto* farewell = std::get_if<Farewell>(&parsed)) {
    std::fputs(farewell->text.c_str(), farewell->status == 0 ? stdout : stderr);
    return farewell->status;
  }
  const auto configuration = configure(std::get<Arguments>(parsed), description.component);
  if (!configuration) {
    return failed(description, Error(configuration.error()).during("cannot start"));
  }
  bool anew = false;
  const int status = serve(description, start, *configuration, anew);
  log::flush();
  if (anew && status == 0) {
    executeAnew(argv, mask);
    return failed(description, systemError(errno, "begin anew"));
  }
  return status;
}

}  // namespace weir::daemon
