#include "tests/sim/clients.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <tuple>

#include "common/fs/uri.h"
#include "common/runtime/leader_change.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"

namespace weir::sim {

/// A callback that may be called once, and has to be.
template <typename T>
jobmanager::Callback<T> Clients::once(const std::string& what, jobmanager::Callback<T> then) {
  auto calls = std::make_shared<int>(0);  // Shared with the list of open requests.
  requests_.emplace_back(what, calls);
  return [this, what, calls, then = std::move(then)](Result<T> result) {
    if (++*calls > 1) {
      violate("answered twice: " + what);
    }
    then(std::move(result));
  };
}

void Clients::submit(const std::string& savepoint) {
  auto job = std::make_unique<Job>();
  job->id = JobId::random(world_.random);
  job->model.records = 20 + world_.random.below(60);
  job->model.handles = handles_;
  if (!savepoint.empty()) {
    job->model = jobs_.front()->model;
  }
  runtime::SubmitRequest request;
  request.job = job->id;
  graph::JobGraph graph = job->model.graph("model " + std::to_string(jobs_.size()));
  graph.operators[0].payload = std::to_string(job->model.records);
  request.graph = std::move(graph);
  if (!savepoint.empty()) {
    request.restore.emplace();
    request.restore->path = savepoint;
  }
  job->request = std::move(request);
  jobs_.push_back(std::move(job));
  submit(*jobs_.back());
}

/// Also again: the client does not know whether the job manager that died had taken it.
void Clients::submit(Job& job) {
  world_.dispatcher->submit(
      job.request, once<runtime::SubmitReply>("submit", [this, raw = &job](auto reply) {
        raw->accepted = reply.has_value();
        // One that stepped down knows not what the next one will find.
        raw->refused = !reply && reply.error().code() != ErrorCode::kUnavailable;
        if (raw->accepted) {
          follow(*raw);
        }
      }));
}

void Clients::follow(Job& job) {
  world_.dispatcher->follow(
      job.id,
      [raw = &job](const runtime::JobEvent& event) {
        if (const auto* result = std::get_if<runtime::JobResult>(&event)) {
          raw->result = *result;
        }
        return true;
      },
      [raw = &job](const Status& known) { raw->ended_unseen = !known.has_value(); });
}

void Clients::takeSavepoint() {
  asks_.push_back(std::make_unique<Ask>());
  runtime::SavepointRequest& request = asks_.back()->request;
  request.operation = OperationId::random(world_.random);
  request.job = anyJob();
  request.directory = world_.chance(300) ? "/elsewhere" : "";
  request.cancel_job = world_.chance(150);
  ask(*asks_.back());
}

void Clients::stopAJob() {
  asks_.push_back(std::make_unique<Ask>());
  runtime::SavepointRequest& request = asks_.back()->request;
  request.operation = OperationId::random(world_.random);
  request.job = anyJob();
  request.directory = world_.chance(500) ? "/elsewhere" : "";
  request.stop = world_.chance(500) ? runtime::StopMode::kSuspend : runtime::StopMode::kDrain;
  ask(*asks_.back());
}

void Clients::ask(Ask& one) {
  world_.dispatcher->savepoint(
      one.request,
      [](const runtime::SavepointProgress&) {},
      once<runtime::SavepointResult>("savepoint", [this, raw = &one](auto result) {
        // One that stepped down knows not what the next one will find.
        raw->answered = result || result.error().code() != ErrorCode::kUnavailable;
        refusals_ += result ? "" : result.error().text();
        if (result) {
          savepoints_.insert(result->path);
          if (snapshot::isHeapSavepoint(result->path)) {
            on_heap_.insert(fs::join(
                "/checkpoints",
                snapshot::checkpointDirectory(raw->request.job.hex(), result->checkpoint)));
          }
          checkSavepoint(result->path);
          if (raw->request.stop != runtime::StopMode::kNone) {
            stopped(raw->request.job, result->path);
          }
        }
      }));
}

void Clients::upgradeAJob() {
  const Job& old = *jobs_[world_.random.below(jobs_.size())];
  upgrades_.push_back(std::make_unique<Upgrade>());
  Upgrade& one = *upgrades_.back();
  one.model = old.model;
  one.request.operation = OperationId::random(world_.random);
  one.request.job = old.id;
  one.request.next.job = JobId::random(world_.random);
  one.request.next.restore.emplace();
  graph::JobGraph graph = old.model.graph(old.request.graph->name);
  graph.operators[0].payload = std::to_string(old.model.records);
  if (world_.chance(300)) {
    graph.operators[0].payload += kCrashes;
  } else if (world_.chance(200)) {
    graph.operators[1].uid = "another";
    graph.operators[1].id = OperatorId::random(world_.random);
    graph.vertices[1].id = graph.operators[1].id;
  }
  one.request.next.graph = std::move(graph);
  ask(one);
}

void Clients::ask(Upgrade& one) {
  world_.dispatcher->upgrade(
      one.request,
      [](const runtime::UpgradeNotice& /*told*/) {},
      once<runtime::UpgradeReply>("upgrade", [this, raw = &one](auto reply) {
        if (raw->answered) {
          return;
        }
        // One that stepped down knows not what the next one will find.
        raw->answered = reply || !runtime::isLeaderChange(reply.error());
        if (reply) {
          upgraded(*raw, *reply);
        } else if (raw->answered) {
          notUpgraded(*raw, reply.error());
        }
      }));
}

void Clients::upgraded(const Upgrade& one, const runtime::UpgradeReply& reply) {
  const JobId next = one.request.next.job;
  if (reply.failure.empty() != (reply.job == next)) {
    violate("an upgrade says that another program runs than does");
  }
  if (!reply.failure.empty() && world_.notified.contains(next)) {
    violate("the old program was started again though the next one had completed a checkpoint");
  }
  savepoints_.insert(reply.savepoint);
  checkSavepoint(reply.savepoint);
  stopped(one.request.job, reply.savepoint);
  auto job = std::make_unique<Job>();
  job->id = reply.job;
  job->model = one.model;
  job->accepted = true;
  job->request = one.request.next;
  job->request.job = reply.job;
  jobs_.push_back(std::move(job));
  follow(*jobs_.back());
}

void Clients::notUpgraded(const Upgrade& one, const Error& why) {
  const std::string& advice = why.advice();
  const std::size_t path = advice.find("weir run -s ");
  if (path == std::string::npos) {
    return;  // The job goes on, or was not there.
  }
  const std::size_t begin = path + std::string_view("weir run -s ").size();
  const std::string savepoint = advice.substr(begin, advice.find(' ', begin) - begin);
  savepoints_.insert(savepoint);
  stopped(one.request.job, savepoint);
  if (why.message().find("not enough slots") == std::string::npos) {
    violate("neither program runs after an upgrade: " + why.text());
  }
}

void Clients::checkVersions() const {
  std::set<std::string> running;
  for (const jobmanager::JobView& job : world_.dispatcher->view()->running) {
    if (!running.insert(job.summary.name).second) {
      violate("two programs run of which one was to take over from the other");
    }
  }
}

void Clients::checkSavepoint(const std::string& path) const {
  if (path.starts_with("jobmanager:")) {
    return;  // Seen when a job is restored from it.
  }
  auto metadata = snapshot::readMetadata(world_.files, path);
  if (!metadata) {
    violate("savepoint " + path + ": " + metadata.error().message());
    return;
  }
  auto state = readState(world_.files, *metadata);
  if (!state || !state->consistent()) {
    violate("savepoint " + path + " is not consistent");
  } else if (world_.holdsDiscarded(*state)) {
    violate("a state handle of savepoint " + path + " was discarded");
  }
}

void Clients::dispose(const std::string& path, bool force) {
  disposals_.push_back(std::make_unique<Disposal>());
  runtime::DisposeRequest& request = disposals_.back()->request;
  request.operation = OperationId::random(world_.random);
  request.path = path;
  request.force = force;
  ask(*disposals_.back());
}

void Clients::ask(Disposal& one) {
  world_.dispatcher->dispose(
      one.request, once<runtime::DisposeReply>("dispose", [this, raw = &one](auto reply) {
        const std::string& path = raw->request.path;
        // One that stepped down knows not what the next one will find.
        raw->answered = reply || !runtime::isLeaderChange(reply.error());
        for (const std::string& one : reply ? reply->unreadable : std::vector<std::string>()) {
          if (one.find("was cut short") == std::string::npos) {
            violate("disposal of " + path + ": " + one);
          }
        }
        if (!reply && reply.error().text().find("the savepoint is gone") != std::string::npos) {
          gone_.insert(path);
        }
        if (reply) {
          savepoints_.erase(path);
        } else if (raw->answered && raw->request.force && savepoints_.contains(path)) {
          violate("disposal of " + path + ": " + reply.error().text());
        }
      }));
}

/// Who asked for a savepoint that is there knows of it, whoever died meanwhile.
void Clients::checkAllTold() const {
  for (const std::string& file : world_.memory.files()) {
    const std::string directory = fs::parentOf(file);
    if (snapshot::isMetadata(fs::nameOf(file)) &&
        snapshot::isSavepointName(fs::nameOf(directory)) &&
        !savepoints_.contains("file:" + directory) &&
        refusals_.find(directory) == std::string::npos) {
      violate("no client was told of savepoint " + directory);
    }
  }
}

void Clients::stopped(const JobId& job, const std::string& path) {
  std::optional<ModelState>& held = stopped_[job];
  if (const auto metadata = snapshot::readMetadata(world_.files, path)) {
    if (auto state = readState(world_.files, *metadata)) {
      held = *std::move(state);
    }
  }
}

const ModelState* Clients::finalOf(const JobId& job) const {
  const ModelState* last = nullptr;
  const runtime::ExecutionId* newest = nullptr;
  for (const auto& [execution, state] : world_.finals) {
    const bool later = execution.job == job &&
                       (newest == nullptr || std::tie(newest->epoch, newest->attempt) <
                                                 std::tie(execution.epoch, execution.attempt));
    last = later ? &state : last;
    newest = later ? &execution : newest;
  }
  return last;
}

/// Every record of every source was counted once; of a job that has stopped, those before its
/// savepoint, and none after it.
void Clients::checkResult(const Job& job) const {
  const ModelState* last = finalOf(job.id);
  if (const auto stopped = stopped_.find(job.id); stopped != stopped_.end()) {
    const auto& held = stopped->second;
    const bool same =
        last != nullptr && last->consistent() &&
        (!held || (held->positions == last->positions && held->counts == last->counts));
    if (!same) {
      violate("a job that has stopped did not end with what its savepoint holds");
    }
    return;
  }
  const bool whole = last != nullptr && last->positions.size() == job.model.sources &&
                     std::all_of(last->positions.begin(),
                                 last->positions.end(),
                                 [&](const auto& one) { return one.second == job.model.records; });
  if (!whole || !last->consistent()) {
    violate("the result of a finished job is not exact");
  }
}

void Clients::cancelAJob() { cancel(anyJob()); }

void Clients::cancel(JobId job) {
  cancels_.insert(job);
  world_.dispatcher->cancel(job,
                            once<std::monostate>("cancel", [this, job](const Status& cancelling) {
                              if (cancelling || !runtime::isLeaderChange(cancelling.error())) {
                                cancels_.erase(job);
                              }
                              if (cancelling) {
                                cancelled_.insert(job);
                              }
                            }));
}

void Clients::disposeOne() {
  if (!savepoints_.empty()) {
    dispose(*std::next(savepoints_.begin(),
                       static_cast<std::ptrdiff_t>(world_.random.below(savepoints_.size()))),
            false);
  }
}

void Clients::restoreOne() {
  if (!savepoints_.empty()) {
    submit(*savepoints_.begin());
  }
}

void Clients::reconnect() {
  for (const auto& [what, calls] : requests_) {
    *calls = std::max(*calls, 1);  // Its client knows that the connection is lost.
  }
  for (auto& job : jobs_) {
    if (!job->accepted && !job->refused) {
      submit(*job);
    } else if (job->accepted && !job->result) {
      follow(*job);
    }
  }
  std::erase_if(savepoints_, snapshot::isHeapSavepoint);  // They ended with it.
  for (auto& one : asks_) {
    if (!one->answered) {
      ask(*one);
    }
  }
  for (auto& one : upgrades_) {
    if (!one->answered) {
      ask(*one);
    }
  }
  for (const JobId job : std::set(cancels_)) {
    cancel(job);
  }
  for (auto& one : disposals_) {
    if (!one->answered && !snapshot::isHeapSavepoint(one->request.path)) {
      ask(*one);
    }
  }
}

bool Clients::allEnded() const {
  return std::ranges::all_of(upgrades_, [](const auto& one) { return one->answered; }) &&
         std::ranges::all_of(disposals_,
                             [](const auto& one) {
                               return one->answered || snapshot::isHeapSavepoint(one->request.path);
                             }) &&
         std::ranges::all_of(jobs_, [](const auto& job) {
           return job->refused || job->ended_unseen || job->result.has_value();
         });
}

void Clients::checkAndDisposeAll() {
  checkAllTold();
  for (const std::string& path : savepoints_) {
    if (!gone_.contains(path)) {
      checkSavepoint(path);
    }
  }
  for (const std::string& path : std::set(savepoints_)) {
    dispose(path, true);
  }
}

void Clients::checkAnswers() const {
  for (const auto& [what, calls] : requests_) {
    if (*calls != 1) {
      violate("answered " + std::to_string(*calls) + " times: " + what);
    }
  }
  for (const auto& job : jobs_) {
    const bool crowded = job->result && job->result->cause.starts_with("not enough slots");
    if (!crowded && job->result && job->result->state == runtime::JobState::kFailed) {
      violate("a job failed for good: " + job->result->cause);
    }
    if (job->result && job->result->state != runtime::JobState::kCanceled &&
        cancelled_.contains(job->id)) {
      violate("a job that was cancelled went on");
    }
    if (job->result && job->result->state == runtime::JobState::kFinished) {
      checkResult(*job);
    }
  }
}

}  // namespace weir::sim
