#include "taskmanager/worker/task/crash_report.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <execinfo.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern "C" {
// Defined in a process that runs under a sanitizer only.
void __asan_init() __attribute__((weak));  // NOLINT(readability-identifier-naming)
void __tsan_init() __attribute__((weak));  // NOLINT(readability-identifier-naming)
}

namespace weir::worker {

namespace {

constexpr std::array kFatal = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
constexpr std::size_t kStackBytes = 64 * 1024;
constexpr int kMostFrames = 30;
constexpr std::size_t kMostThreads = 4096;

/// A task's thread, for SIGQUIT. A slot is free while `thread` is 0.
struct Slot {
  std::atomic<pid_t> thread{0};
  std::atomic<const char*> name{nullptr};
};
std::array<Slot, kMostThreads> slots;
std::atomic<bool> writing{false};

pid_t threadId() { return static_cast<pid_t>(::syscall(SYS_gettid)); }

// Everything from here on may run in a signal handler: no allocation, no locks, no stdio.

void say(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return;
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
}

void say(std::uint64_t number) {
  std::array<char, 20> digits;
  std::size_t at = digits.size();
  do {
    digits[--at] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  say({digits.data() + at, digits.size() - at});
}

void sayWhere() {
  const functions::Work* work = functions::workOfThread().current;
  if (work == nullptr) {
    say("outside of operators");
    return;
  }
  say("in operator '");
  say(std::string_view(work->operator_name).substr(0, 200));
  say("' after ");
  say(work->records);
  say(" records");
}

void sayStack() {
  std::array<void*, kMostFrames> frames;
  const int count = ::backtrace(frames.data(), kMostFrames);
  constexpr int kOwn = 2;  // This function and the handler.
  if (count > kOwn) {
    ::backtrace_symbols_fd(frames.data() + kOwn, count - kOwn, STDERR_FILENO);
  }
}

/// Keeps two stacks from mixing; gives up after a second rather than wait for a dead thread.
class Turn {
 public:
  Turn() {
    constexpr timespec kPause{0, 1'000'000};
    for (int i = 0; i < 1000 && writing.exchange(true); ++i) {
      ::nanosleep(&kPause, nullptr);
    }
  }
  ~Turn() { writing = false; }
};

void onFatal(int signal) {
  {
    const Turn turn;
    say("weir: crashed ");
    sayWhere();
    say("\n");
    sayStack();
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void onQuit(int /*signal*/) {
  const int error = errno;
  const pid_t self = threadId();
  for (Slot& slot : slots) {
    if (slot.thread.load() == self) {
      const Turn turn;
      say("weir: task '");
      const char* name = slot.name.load();
      say(name == nullptr ? "" : std::string_view(name).substr(0, 200));
      say("' is ");
      sayWhere();
      say("\n");
      sayStack();
      errno = error;
      return;
    }
  }
  for (Slot& slot : slots) {
    if (const pid_t thread = slot.thread.load(); thread != 0) {
      ::syscall(SYS_tgkill, ::getpid(), thread, SIGQUIT);
    }
  }
  errno = error;
}

/// Of exit(), on the thread that called it; says nothing where that was no operator's code.
void onExit() {
  if (functions::workOfThread().current != nullptr) {
    const Turn turn;
    say("weir: exited ");
    sayWhere();
    say("\n");
  }
}

bool sanitized() { return __asan_init != nullptr || __tsan_init != nullptr; }

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction before{};
  if (::sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) {
    return;
  }
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = flags;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

void reportCrashes() {
  (void)functions::workOfThread();
  static_cast<void>(std::atexit(onExit));
  if (sanitized()) {
    return;
  }
  std::array<void*, 1> frame;
  ::backtrace(frame.data(), 1);  // Loads what it needs now, not in a handler.
  for (const int signal : kFatal) {
    handle(signal, onFatal, SA_ONSTACK | SA_NODEFER);
  }
  handle(SIGQUIT, onQuit, SA_ONSTACK | SA_RESTART);
}

CrashScope::CrashScope(const char* task_name) {
  (void)functions::workOfThread();
  const pid_t self = threadId();
  for (std::size_t i = 0; i < slots.size() && slot_ < 0; ++i) {
    pid_t none = 0;
    if (slots[i].thread.compare_exchange_strong(none, self)) {
      slots[i].name = task_name;
      slot_ = static_cast<int>(i);
    }
  }
  if (sanitized()) {
    return;
  }
  void* stack =
      ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack != MAP_FAILED) {
    stack_ = stack;
    stack_t alternative{};
    alternative.ss_sp = stack;
    alternative.ss_size = kStackBytes;
    ::sigaltstack(&alternative, nullptr);
  }
}

CrashScope::~CrashScope() {
  if (slot_ >= 0) {
    slots[static_cast<std::size_t>(slot_)].name = nullptr;
    slots[static_cast<std::size_t>(slot_)].thread = 0;
  }
  if (stack_ != nullptr) {
    stack_t off{};
    off.ss_flags = SS_DISABLE;
    ::sigaltstack(&off, nullptr);
    ::munmap(stack_, kStackBytes);
  }
}

}  // namespace weir::worker
