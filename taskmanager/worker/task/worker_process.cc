#include "taskmanager/worker/task/worker_process.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/api/run.h"
#include "common/base/clock.h"
#include "common/base/overloaded.h"
#include "common/base/program_environment.h"
#include "common/base/random.h"
#include "common/base/text.h"
#include "common/base/version.h"
#include "common/config/configuration.h"
#include "common/fs/file_systems.h"
#include "common/remote/remote_file_systems.h"
#include "common/wire/check_encoding.h"
#include "common/wire/encoding.h"
#include "taskmanager/worker/task/check_run.h"
#include "taskmanager/worker/task/crash_report.h"
#include "taskmanager/worker/task/discard_handles.h"
#include "taskmanager/worker/task/exception_text.h"
#include "taskmanager/worker/task/lease_watch.h"
#include "taskmanager/worker/task/worker.h"

namespace weir::worker {

namespace {

/// Ends the process without destructors: tasks may be running.
[[noreturn]] void leave(int status) {
  std::fflush(nullptr);
  ::_exit(status);
}

/// Those that the task manager has told us how to reach.
fs::FileSystems fileSystemsOf(const std::map<std::string, std::string>& configuration) {
  const auto values = config::Configuration::fromMap(configuration, "the task manager");
  return remote::fileSystems(values ? *values : config::Configuration());
}

/// Becomes readable when the last task has ended.
class EndSignal {
 public:
  EndSignal() : fd_(::eventfd(0, EFD_CLOEXEC)) {}
  ~EndSignal() { ::close(fd_); }
  EndSignal(const EndSignal&) = delete;
  EndSignal& operator=(const EndSignal&) = delete;
  void set() const {
    const std::uint64_t one = 1;
    (void)!::write(fd_, &one, sizeof one);
  }
  int descriptor() const { return fd_; }

 private:
  int fd_;
};

/// Whether the socket has something to read; otherwise the tasks have ended.
bool waitForOrder(const ControlSocket& socket, const EndSignal& end) {
  if (socket.buffered()) {
    return true;
  }
  std::array<pollfd, 2> fds{{{socket.descriptor(), POLLIN, 0}, {end.descriptor(), POLLIN, 0}}};
  while (::poll(fds.data(), fds.size(), -1) < 0 && errno == EINTR) {
  }
  return (fds[1].revents & POLLIN) == 0;
}

}  // namespace

Result<WorkerProcess::Work> WorkerProcess::greet() {
  runtime::WorkerHello hello;
  hello.version = releaseVersion();
  WEIR_RETURN_IF_ERROR(socket_.send(hello));
  WEIR_TRY(const auto frame, socket_.receiveFrame());
  if (!frame) {
    return Error(ErrorCode::kCancelled, "the task manager has ended");
  }
  if (wire::isCheck(*frame)) {
    WEIR_TRY(auto check, wire::decodeCheck(*frame));
    return Work(std::move(check));
  }
  WEIR_TRY(auto order, wire::decodeWorkerOrder(*frame));
  if (auto* deployment = std::get_if<runtime::Deployment>(&order)) {
    return Work(std::move(*deployment));
  }
  if (auto* discards = std::get_if<runtime::DiscardHandles>(&order)) {
    return Work(std::move(*discards));
  }
  return Error(ErrorCode::kInternal, "the task manager sent no deployment first");
}

void WorkerProcess::reportFailure(const Error& error) {
  // Wrong once, wrong always: what the program does, and what it is asked to read.
  const bool unrecoverable = error.code() == ErrorCode::kInvalidArgument;
  std::string cause = error.text();
  cutAloud(cause, kMostTextBytes);
  (void)socket_.send(runtime::WorkerFailed{std::move(cause), unrecoverable}).has_value();
}

/// The next order but for leases, which are taken at once; nullopt after one of them.
std::optional<ControlSocket::Received> WorkerProcess::receive() {
  auto received = socket_.receive();
  if (!received || !*received) {
    leave(1);  // The task manager is gone, and nobody may go on without it.
  }
  if (const auto* order = std::get_if<runtime::LeaseOrder>(&(*received)->order)) {
    lease_.enforce();  // A new lease does not wake those whose time was over.
    lease_.renew(order->until_nanos);
    socket_.trySend(runtime::LeaseTaken{order->until_nanos});
    return std::nullopt;
  }
  return **std::move(received);
}

/// The lease follows the deployment at once, and nothing runs before it is known; nullopt, or what
/// came instead.
std::optional<ControlSocket::Received> WorkerProcess::takeFirstLease() {
  pollfd readable{socket_.descriptor(), POLLIN, 0};
  if (socket_.buffered() || ::poll(&readable, 1, 0) == 1) {
    return receive();
  }
  return std::nullopt;
}

int WorkerProcess::run(runtime::Deployment deployment, graph::ProgramCode code) {
  fs::FileSystems files = fileSystemsOf(deployment.configuration);
  SystemRandom random;
  const SystemClock clock;
  const EndSignal end;
  WorkerSurroundings surroundings{
      files,
      random,
      clock,
      [this](runtime::WorkerReport report) { (void)socket_.send(report).has_value(); },
      [&end] { end.set(); },
      &lease_};
  auto worker = Worker::make(std::move(deployment), std::move(code), std::move(surroundings));
  if (!worker) {
    reportFailure(worker.error());
    return 1;
  }
  auto received = takeFirstLease();
  const LeaseWatch watch(lease_);
  (*worker)->start();
  bool told_to_end = false;
  while (!told_to_end || !(*worker)->ended()) {
    if (!received) {
      if (told_to_end && !waitForOrder(socket_, end)) {
        continue;
      }
      received = receive();
      if (!received) {
        continue;
      }
    }
    const ControlSocket::Received one = *std::exchange(received, std::nullopt);
    if (const auto* peer = std::get_if<runtime::PeerConnection>(&one.order)) {
      if (one.descriptor >= 0) {
        (*worker)->adopt(one.descriptor, *peer);
      }
      continue;
    }
    told_to_end = told_to_end || std::holds_alternative<runtime::CancelOrder>(one.order) ||
                  std::holds_alternative<runtime::FinishOrder>(one.order);
    (*worker)->handle(one.order);
  }
  return 0;
}

/// Waits for the order; false when another one came or the task manager is gone.
bool WorkerProcess::mayDiscard(std::uint64_t index) {
  while (true) {
    const auto received = socket_.receive();
    if (!received || !*received) {
      return false;
    }
    const auto* order = std::get_if<runtime::DiscardOrder>(&(*received)->order);
    if (order == nullptr || order->index >= index) {  // Less: said again.
      return order != nullptr && order->index == index;
    }
  }
}

int WorkerProcess::discard(const runtime::DiscardHandles& order, const graph::ProgramCode& code) {
  fs::FileSystems files = fileSystemsOf(order.configuration);
  bool heard = true;
  const Status discarded = discardHandles(order, code, files, [&](runtime::HandleDiscarded one) {
    cutAloud(one.error, kMostTextBytes);
    heard = heard && socket_.send(one).has_value() && (one.done || mayDiscard(one.index));
    return heard;
  });
  if (!discarded) {
    reportFailure(discarded.error());
  }
  return discarded && heard ? 0 : 1;
}

int WorkerProcess::check(const runtime::CheckRestore& check, const graph::ProgramCode& code) {
  fs::FileSystems files;
  CheckRun run(check, code, files, [this](const runtime::CheckReport& report) {
    return socket_.sendFrame(wire::encode(report)).has_value();
  });
  return run.run() ? 0 : 1;
}

namespace {

/// The process and its work, from the first call on.
struct Self {
  Self() : process(descriptorOfTaskManager()) {
    reportCrashes();
    auto greeted = process.greet();
    if (!greeted) {
      if (greeted.error().code() != ErrorCode::kCancelled) {
        std::fprintf(stderr, "weir: %s\n", greeted.error().text().c_str());
        process.reportFailure(greeted.error());
      }
      leave(1);
    }
    work = *std::move(greeted);
    start.discards_handles = std::holds_alternative<runtime::DiscardHandles>(work);
    std::visit(
        [this](auto& one) {
          start.submitted = {one.program, one.graph};  // main() builds its own.
        },
        work);
  }

  static int descriptorOfTaskManager() {
    const char* text = std::getenv(program_environment::kWorkerDescriptor);
    const int fd = text == nullptr ? -1 : std::atoi(text);
    if (fd < 0 || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      std::fprintf(stderr,
                   "weir: %s does not name an open descriptor\n",
                   program_environment::kWorkerDescriptor);
      leave(1);
    }
    return fd;
  }

  WorkerProcess process;
  WorkerProcess::Work work;
  api::WorkerStart start;
};

Self& self() {
  static Self self;  // One process is one worker.
  return self;
}

}  // namespace
}  // namespace weir::worker

namespace weir::api {

const WorkerStart& workerStart() { return worker::self().start; }

void runWorker(Result<graph::ProgramGraph> program) {
  worker::Self& self = worker::self();
  if (!program) {
    self.process.reportFailure(program.error());
    worker::leave(1);
  }
  worker::WorkerProcess::Work work = self.work;
  std::visit([&](auto& one) { one.graph = std::move(program->graph); }, work);
  std::exit(std::visit(Overloaded{[&](runtime::Deployment& deployment) {
                                    return self.process.run(std::move(deployment),
                                                            std::move(program->code));
                                  },
                                  [&](const runtime::DiscardHandles& order) {
                                    return self.process.discard(order, program->code);
                                  },
                                  [&](const runtime::CheckRestore& check) {
                                    return self.process.check(check, program->code);
                                  }},
                       work));
}

}  // namespace weir::api
