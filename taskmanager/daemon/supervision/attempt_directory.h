#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "common/concurrency/executor.h"
#include "taskmanager/daemon/blobcache/blob_cache.h"
#include "taskmanager/daemon/supervision/io_loop.h"
#include "taskmanager/daemon/supervision/launched_worker.h"
#include "taskmanager/daemon/supervision/work.h"

namespace weir::taskmanager {

/// The directory of one attempt on this machine: filled in the background, and deleted or kept when
/// its worker is gone. A disk that hangs holds up neither the strand nor the end of this.
///
/// Lives as long as its worker. Threads: the strand (the loop's).
class AttemptDirectory {
 public:
  struct Environment {
    IoLoop& loop;                 // All borrowed from the task manager.
    concurrency::Executor& pool;  // Several threads, which may hang.
    BlobCache& cache;
    BlobTransport& transport;
  };
  /// What is to be started there, and the work, with the files that its state is in now.
  using Prepared = std::function<void(Result<LaunchSpec>, Work)>;

  AttemptDirectory(Environment environment, std::string path);
  /// Deletes it, with what a preparation that is still under way makes.
  ~AttemptDirectory();
  AttemptDirectory(const AttemptDirectory&) = delete;
  AttemptDirectory& operator=(const AttemptDirectory&) = delete;

  /// Changes the configuration that a worker gets; called on the pool, may be empty.
  using Configure = std::function<void(std::map<std::string, std::string>&)>;
  /// Makes and fills it (prepareAttempt()); `done` follows on the strand while this lives.
  void prepare(Work work, Configure configure, Prepared done);
  /// Where the directory of a failed worker is kept.
  std::string keptPath(const runtime::ExecutionId& execution) const;
  /// Keeps it there, as one of at most `most`. Blocks.
  void keep(const runtime::ExecutionId& execution, std::size_t most);

 private:
  Environment environment_;
  const std::string path_;
  std::shared_ptr<char> alive_;  // Watched by what the pool posts back.
};

}  // namespace weir::taskmanager
