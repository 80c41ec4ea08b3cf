#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/sim/fake_cluster.h"

namespace weir::sim {

/// All clients of the cluster: they submit jobs and follow them, take, check and dispose
/// savepoints, and ask again when their job manager is gone. What contradicts what they were
/// promised is a violation. Lives as long as its scenario.
class Clients {
 public:
  /// `restarts`: the job manager may die. `handles`: counters keep state handles.
  Clients(World& world, bool restarts, bool handles)
      : world_(world), restarts_(restarts), handles_(handles) {}

  /// A new job, from nothing or from a savepoint.
  void submit(const std::string& savepoint = {});
  void cancelAJob();
  void takeSavepoint();
  /// Stops a job with a savepoint, for good in half of the cases.
  void stopAJob();
  /// Lets another program take over from a job: one that fits, does not, or always crashes.
  void upgradeAJob();
  /// Of each job and those that took over from it, one runs at most.
  void checkVersions() const;
  /// A savepoint that is known, if any is.
  void disposeOne();
  /// A new job from a savepoint, if any is known.
  void restoreOne();
  std::size_t jobs() const { return jobs_.size(); }
  /// Whether a savepoint that was on a job manager's heap pointed to this directory.
  bool wereOnHeap(const std::string& directory) const { return on_heap_.contains(directory); }

  /// Another job manager has taken over: who waits for an answer asks again.
  void reconnect();
  /// Whether each job has come to its end.
  bool allEnded() const;
  /// After the end of all jobs: every savepoint is whole, and is disposed.
  void checkAndDisposeAll();
  /// At last: every request was answered once, and every result is exact.
  void checkAnswers() const;

 private:
  struct Job {
    JobId id;
    Model model;
    bool accepted = false;
    bool refused = false;
    /// Its job manager died when the store had forgotten it and nobody had been told yet.
    bool ended_unseen = false;
    runtime::SubmitRequest request;
    std::optional<runtime::JobResult> result;
  };
  /// A savepoint as its client asks for it, again when its job manager is gone.
  struct Ask {
    runtime::SavepointRequest request;
    bool answered = false;
  };

  /// Likewise.
  struct Upgrade {
    runtime::UpgradeRequest request;
    Model model;
    bool answered = false;
  };

  /// Likewise, but for those on the heap, which end with it.
  struct Disposal {
    runtime::DisposeRequest request;
    bool answered = false;
  };

  template <typename T>
  jobmanager::Callback<T> once(const std::string& what, jobmanager::Callback<T> then);
  void submit(Job& job);
  void follow(Job& job);
  void ask(Ask& one);
  void ask(Upgrade& one);
  void ask(Disposal& one);
  void cancel(JobId job);
  void upgraded(const Upgrade& one, const runtime::UpgradeReply& reply);
  void notUpgraded(const Upgrade& one, const Error& why);
  void dispose(const std::string& path, bool force);
  void checkSavepoint(const std::string& path) const;
  void checkResult(const Job& job) const;
  void stopped(const JobId& job, const std::string& path);
  /// What the last tasks that were told to finish held; nullptr when none were.
  const ModelState* finalOf(const JobId& job) const;
  void checkAllTold() const;
  JobId anyJob() { return jobs_[world_.random.below(jobs_.size())]->id; }
  void violate(const std::string& what) const { world_.violations.push_back(what); }

  World& world_;  // The scenario's.
  const bool restarts_;
  const bool handles_;
  std::vector<std::unique_ptr<Job>> jobs_;
  std::vector<std::unique_ptr<Ask>> asks_;
  std::vector<std::unique_ptr<Upgrade>> upgrades_;
  std::vector<std::unique_ptr<Disposal>> disposals_;
  std::set<JobId> cancels_;           // That were not answered yet.
  std::set<JobId> cancelled_;         // Whose clients were told that they are being cancelled.
  std::set<std::string> savepoints_;  // Completed and not disposed.
  std::set<std::string> gone_;        // Of those, ones whose disposal has begun.
  std::set<std::string> on_heap_;     // Directories of state, of savepoints on the heap.
  std::string refusals_;              // All that was said of savepoints that failed.
  /// Jobs that have stopped, with what their savepoints hold where that is in files.
  std::map<JobId, std::optional<ModelState>> stopped_;
  std::vector<std::pair<std::string, std::shared_ptr<int>>> requests_;  // With how often answered.
};

}  // namespace weir::sim
