#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "common/runtime/messages.h"
#include "taskmanager/daemon/supervision/io_loop.h"

namespace weir::taskmanager {

/// Looks at directories that users named, for the job manager, each on a thread of the pool: their
/// file systems may hang, and hold up nothing but further probes.
///
/// Lives until the pool and the loop have ended. Threads: the loop's, on which answers come.
class DirectoryProbes {
 public:
  /// How many may be under way; further ones are refused.
  static constexpr std::size_t kMost = 64;
  using Answer = std::function<void(runtime::ProbeResult)>;

  /// All are borrowed from the task manager. `host` is how refusals name this machine.
  DirectoryProbes(IoLoop& loop,
                  concurrency::Executor& pool,
                  fs::FileSystem& files,
                  std::string host)
      : loop_(loop), pool_(pool), files_(files), host_(std::move(host)) {}

  /// Begins; `answer` follows, at once where too many have not come back.
  void start(runtime::ProbeOrder order, Answer answer);

 private:
  IoLoop& loop_;
  concurrency::Executor& pool_;
  fs::FileSystem& files_;
  const std::string host_;
  std::size_t open_ = 0;
};

/// Reads what the job manager wrote and writes what it shall read; an empty answer when both went
/// well, else why not, naming the file. Blocks.
std::string probeDirectory(fs::FileSystem& files, const runtime::ProbeOrder& order);

}  // namespace weir::taskmanager
