#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <sys/types.h>

#include "common/base/result.h"
#include "taskmanager/daemon/supervision/exit_cause.h"
#include "taskmanager/daemon/supervision/frame_socket.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/stderr_tail.h"
#include "taskmanager/daemon/supervision/unique_fd.h"

namespace weir::taskmanager {

/// What is to be started, and where.
struct LaunchSpec {
  std::string launcher;  ///< Path of weir-launcher.
  std::string program;   ///< Path of the executable file.
  std::string name;      ///< argv[0]
  std::vector<std::string> arguments;
  std::string libraries;          ///< Directory for LD_LIBRARY_PATH; may be empty.
  std::string working_directory;  ///< Also TMPDIR.
  int oom_score_adj = 500;
  std::vector<std::string> environment;  ///< "NAME=value", beside PATH, HOME, LANG, TZ, TMPDIR.
};

/// One worker process: its socket, its standard error, its end.
///
/// Lives from the spawn until its owner has seen the exit; destroyed earlier, it kills the process
/// group and waits for it. The process is the leader of its own group, and what it leaves behind in
/// the group is killed with it. Threads: the loop's; callbacks run there and must not destroy it.
class WorkerProcess {
 public:
  struct Events {
    FrameSocket::OnFrame on_frame;
    /// The socket ended or broke; the process may still live.
    FrameSocket::OnEnd on_end;
    /// Reaped: the last callback. All that it had sent came before.
    std::function<void(ProcessExit)> on_exit;
  };

  /// kInternal or kResourceExhausted when no process can be made. That the program cannot be
  /// executed is told by its exit.
  static Result<std::unique_ptr<WorkerProcess>> start(IoLoop& loop,
                                                      const LaunchSpec& spec,
                                                      Events events);
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  FrameSocket& socket() { return *socket_; }
  const StderrTail& standardError() const { return tail_; }
  pid_t pid() const { return pid_; }

  /// SIGKILL to the whole process group; on_exit follows.
  void kill();
  /// Resident memory of the process, 0 when it is gone.
  std::uint64_t residentBytes() const;

 private:
  WorkerProcess(IoLoop& loop, pid_t pid, UniqueFd pidfd, UniqueFd errors, Events events);
  void onExited();
  void onStandardError();
  bool readStandardError();  // False when there is nothing now (EAGAIN) or ever (0), in errno.
  void forward(const std::string& lines);

  IoLoop& loop_;  // Borrowed from the task manager.
  pid_t pid_;
  bool reaped_ = false;
  UniqueFd pidfd_;
  UniqueFd errors_;
  Events events_;
  StderrTail tail_;
  std::unique_ptr<FrameSocket> socket_;
  std::unique_ptr<IoLoop::Watch> exit_watch_;
  std::unique_ptr<IoLoop::Watch> error_watch_;
};

}  // namespace weir::taskmanager
