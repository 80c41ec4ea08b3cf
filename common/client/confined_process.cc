#include "common/client/confined_process.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/exec_words.h"

namespace weir::client {
namespace {

constexpr int kNotStarted = 127;

// From here on to run() everything is between fork() and exec(): no allocation, no locks, no stdio.

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t kFirstForeignCall = 0x40000000;  // Of x32.
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t kFirstForeignCall = 0xFFFFFFFF;
#endif

constexpr std::uint32_t refusedWith(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<std::uint32_t>(error) & SECCOMP_RET_DATA);
}

/// Sockets are local or none. It keeps code that means no harm from what it does by habit, such as
/// connecting in open(); it is no prison.
bool leaveNetwork() {
  constexpr auto kFamily = static_cast<std::uint32_t>(offsetof(seccomp_data, args[0]));
  std::array<sock_filter, 14> program{{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, refusedWith(ENOSYS)),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kFirstForeignCall, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, refusedWith(ENOSYS)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kFamily),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, refusedWith(EACCES)),
  }};
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

void sayPlainly(std::string_view text) { (void)!::write(STDERR_FILENO, text.data(), text.size()); }

[[noreturn]] void fail(const char* what) {
  const char* why = ::strerrordesc_np(errno);
  sayPlainly("weir: ");
  sayPlainly(what);
  sayPlainly(": ");
  sayPlainly(why == nullptr ? "unknown error" : why);
  sayPlainly("\n");
  ::_exit(kNotStarted);
}

[[noreturn]] void become(const ConfinedProcess::Settings& settings,
                         const char* path,
                         char* const* arguments,
                         char* const* environment,
                         pid_t parent) {
  ::setpgid(0, 0);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) {
    ::_exit(kNotStarted);
  }
  const int nothing = ::open("/dev/null", O_RDONLY);
  // First above all targets, so that none overwrites another one.
  constexpr int kAbove = 10;
  const int socket = ::fcntl(settings.socket, F_DUPFD, kAbove);
  const int output = ::fcntl(settings.output, F_DUPFD, kAbove);
  if (nothing < 0 || socket < 0 || output < 0 || ::dup2(nothing, STDIN_FILENO) < 0 ||
      ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0 ||
      ::dup2(socket, ConfinedProcess::kSocket) < 0) {
    fail("set up the program's descriptors");
  }
  ::close_range(ConfinedProcess::kSocket + 1, ~0U, 0);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) {
    ::signal(signal, SIG_DFL);
  }
  if (!settings.directory.empty() && ::chdir(settings.directory.c_str()) != 0) {
    fail("enter the program's working directory");
  }
  if (!leaveNetwork()) {
    sayPlainly("weir: this system does not let the program be kept from the network\n");
  }
  ::execve(path, arguments, environment);
  fail("start the program");
}

}  // namespace

Result<ConfinedProcess> ConfinedProcess::start(const Settings& settings) {
  std::vector<std::string> arguments = settings.arguments;
  arguments.insert(arguments.begin(), settings.path);
  std::vector<std::string> environment = mergedEnvironment(settings.environment);
  // As the user sees the file, wherever the program runs.
  std::error_code unknown;  // Where the command runs; then its own name has to do.
  const std::filesystem::path absolute = std::filesystem::absolute(settings.path, unknown);
  const std::string path = unknown ? settings.path : absolute.string();
  const std::vector<char*> argv = pointersTo(arguments);
  const std::vector<char*> envp = pointersTo(environment);
  const pid_t self = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) {
    return systemError(errno, settings.path + ": cannot be started");
  }
  if (pid == 0) {
    become(settings, path.c_str(), argv.data(), envp.data(), self);
  }
  ::setpgid(pid, pid);  // Whoever comes first.
  return ConfinedProcess(pid);
}

std::uint64_t ConfinedProcess::privateBytes() const {
  std::ifstream statm("/proc/" + std::to_string(pid_) + "/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  std::uint64_t shared = 0;
  statm >> size >> resident >> shared;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return statm && resident > shared ? (resident - shared) * page : 0;
}

ConfinedProcess::ConfinedProcess(ConfinedProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), reaped_(other.reaped_) {}

ConfinedProcess::~ConfinedProcess() {
  if (pid_ <= 0) {
    return;
  }
  ::kill(-pid_, SIGKILL);
  int status = 0;
  while (!reaped_ && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
}

std::optional<int> ConfinedProcess::wait(Duration timeout) {
  const SteadyTime deadline = SystemClock().now() + timeout;
  for (;;) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      reaped_ = true;
      return status;
    }
    if (SystemClock().now() >= deadline) {
      return std::nullopt;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace weir::client
