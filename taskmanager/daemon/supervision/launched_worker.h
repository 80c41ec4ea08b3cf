#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/result.h"
#include "common/base/unique_fd.h"
#include "common/daemon/output_sink.h"
#include "taskmanager/daemon/supervision/exit_cause.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/process_table.h"
#include "taskmanager/daemon/supervision/stderr_tail.h"
#include "taskmanager/daemon/supervision/worker_cgroups.h"
#include "taskmanager/daemon/supervision/worker_socket.h"

namespace weir::taskmanager {

/// What is to be started, and where.
struct LaunchSpec {
  std::string launcher;  ///< Path of weir-launcher.
  std::string program;   ///< Path of the executable file.
  std::string name;      ///< argv[0]
  std::vector<std::string> arguments;
  std::string libraries;          ///< Directory for LD_LIBRARY_PATH; may be empty.
  std::string working_directory;  ///< Also TMPDIR.
  std::string directory;          ///< Of the attempt; marks what the program starts.
  int oom_score_adj = 500;
  std::uint64_t core_bytes = 0;          ///< Largest core file that it may leave.
  std::vector<std::string> environment;  ///< "NAME=value", beside PATH, HOME, LANG, TZ, TMPDIR.
};

/// Where the output of a worker goes, under its label; nowhere where there is none.
struct WorkerOutput {
  daemon::OutputSink* standard_output = nullptr;  // Borrowed from the task manager.
  daemon::OutputSink* standard_error = nullptr;
  std::string label;
};

/// One worker process with what it has started: its socket, its output, its end.
///
/// Lives from the spawn until its owner has seen the exit; destroyed earlier, it kills the process
/// and waits for it. The process is the leader of its own group. What it starts carries the
/// directory of the attempt in its environment, and is in its control group where there is one;
/// children, whatever their process group or session, are killed with it. Threads: the loop's;
/// callbacks run there and must not destroy it.
class LaunchedWorker {
 public:
  struct Events {
    WorkerSocket::OnFrame on_frame;
    /// The socket ended or broke; the process may still live.
    WorkerSocket::OnEnd on_end;
    /// Reaped: the last callback. All that it had sent came before.
    std::function<void(ProcessExit)> on_exit;
  };

  /// It enters `group`, if there is one, before its program runs. kInternal or kResourceExhausted
  /// when no process can be made. That the program cannot be executed is told by its exit.
  static Result<std::unique_ptr<LaunchedWorker>> start(IoLoop& loop,
                                                       const LaunchSpec& spec,
                                                       WorkerOutput output,
                                                       std::unique_ptr<WorkerCgroup> group,
                                                       Events events);
  ~LaunchedWorker();
  LaunchedWorker(const LaunchedWorker&) = delete;
  LaunchedWorker& operator=(const LaunchedWorker&) = delete;

  WorkerSocket& socket() { return *socket_; }
  const StderrTail& standardError() const { return tail_; }
  pid_t pid() const { return pid_; }
  /// Its control group, or nullptr.
  const WorkerCgroup* group() const { return group_.get(); }

  /// SIGKILL to it and to all that it has started; on_exit follows.
  void kill();
  /// Asks its threads for their stacks, on standard error.
  void askForStacks() const;
  /// The process and what it has started, as far as they live. Whom it sees it knows again later,
  /// when a parent is gone.
  std::vector<ProcessInfo> family(const ProcessTable& table);
  /// Memory of the family in bytes, 0 when it is gone. What its members share counts once where the
  /// sum would be more than `limit`.
  std::uint64_t memoryBytes(const ProcessTable& table, std::uint64_t limit);

 private:
  /// One of its output streams.
  struct Stream {
    UniqueFd reader;
    daemon::OutputSink* sink = nullptr;
    StderrTail* tail = nullptr;
    std::string partial;  // Behind the last newline.
    std::unique_ptr<IoLoop::Watch> watch;
  };

  LaunchedWorker(IoLoop& loop, pid_t pid, UniqueFd pidfd, std::string directory, Events events);
  void onExited();
  void killFamily();
  void open(Stream& stream, UniqueFd reader);
  void onReadable(Stream& stream);
  bool read(Stream& stream);  // False when there is nothing now (EAGAIN) or ever (0), in errno.
  void finish(Stream& stream);

  IoLoop& loop_;  // Borrowed from the task manager.
  pid_t pid_;
  bool reaped_ = false;
  UniqueFd pidfd_;
  const std::string directory_;
  std::unique_ptr<WorkerCgroup> group_;  // May be null.
  Events events_;
  StderrTail tail_;
  std::string label_;
  Stream output_;
  Stream errors_;
  std::map<pid_t, std::uint64_t> known_;  // Of its family, with the start of each.
  std::unique_ptr<WorkerSocket> socket_;
  std::unique_ptr<IoLoop::Watch> exit_watch_;
};

}  // namespace weir::taskmanager
