#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/runtime/messages.h"
#include "jobmanager/checkpoint/checkpoint_services.h"
#include "jobmanager/checkpoint/file_work.h"
#include "jobmanager/resources/callback.h"
#include "jobmanager/resources/resource_manager.h"

namespace weir::jobmanager {

/// Whether the directories of snapshots are the same ones on the job manager and on task managers:
/// each side writes a file, and the other reads it, in a directory of the run's own: what a task
/// manager that is killed while it writes leaves there goes with it.
///
/// One run at a time; task managers that were found to share them are not asked again until they
/// are lost. Threads: the strand.
class DirectoryProbe {
 public:
  /// `machine` is this machine's id: where all are on one, a failure is only logged.
  DirectoryProbe(const CheckpointServices& services,
                 Random& random,
                 ResourceManager& resources,
                 std::string machine);

  /// Answers with an error that names host and path, or ok; at the latest after a time-out, and at
  /// once when there is nothing to try.
  void run(std::vector<std::string> directories,
           std::vector<TaskManagerId> task_managers,
           Callback<std::monostate> done);
  void result(TaskManagerId from, const runtime::ProbeResult& result);
  void lost(TaskManagerId id);
  /// Ends the run without an answer; its files are removed.
  void cancel();

 private:
  struct Probe {
    TaskManagerId task_manager;
    std::string host;
    std::string directory;  // The one that is to be shared; the order names one within it.
    runtime::ProbeOrder order;
    bool answered = false;
    bool silent = false;  // Somebody else answered for it.
    std::string error;
  };

  void sendAll();
  void finishIfAnswered();
  void verify();
  void answer(Status status);
  static Status removeFiles(fs::FileSystem& files, const std::vector<Probe>& orders);
  Probe* find(TaskManagerId from, std::uint64_t id);
  bool onOneMachine() const;

  CheckpointServices services_;
  Random& random_;
  ResourceManager& resources_;
  const std::string machine_;
  std::set<TaskManagerId> shared_;  // Share the directories.
  std::vector<Probe> orders_;
  Callback<std::monostate> done_;
  std::unique_ptr<concurrency::Executor::Timer> deadline_;
  std::uint64_t run_ = 0;  // Results of an earlier one are dropped.
  FileWork work_;
};

}  // namespace weir::jobmanager
