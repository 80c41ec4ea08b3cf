#include "jobmanager/handles/discard_workers.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/config/options.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/program_blobs.h"

namespace weir::jobmanager {
namespace {

constexpr int kFruitlessWorkers = 4;
constexpr int kPauseGrowth = 5;
constexpr std::size_t kRemembered = 1000;
constexpr Duration kLookAgain = std::chrono::milliseconds(100);  // For a task manager.

}  // namespace

/// One call of discard().
struct DiscardWorkers::Request {
  std::string owner;
  Callback<std::vector<std::string>> done;
  std::size_t handles = 0;
  std::vector<OwnedHandle> discarded;  // So far.
  std::vector<std::string> errors;
};

/// One handle of it.
struct DiscardWorkers::Item {
  std::shared_ptr<Request> order;  // Shared by its items.
  OwnedHandle handle;
  bool begun = false;
  bool done = false;

  /// True when it was the last of its order.
  bool finish(const std::string& error) {
    done = true;
    order->discarded.push_back(handle);
    if (!error.empty()) {
      order->errors.push_back("the state handle of operator '" + handle.operator_name + "' (" +
                              std::to_string(handle.subtask + 1) + "/" +
                              std::to_string(handle.parallelism) + "): discardState() " + error);
    }
    return order->discarded.size() == order->handles;
  }
};

/// The worker of one program, and what waits for the next.
struct DiscardWorkers::Run {
  JobId id;  // Stands for a job where task managers ask for one.
  AttemptId attempt;
  std::shared_ptr<const runtime::JobProgram> program;  // Shared with its orders' owners.
  std::vector<Item> waiting;
  std::vector<Item> current;  // Sent to the worker, in this order; empty without one.
  TaskManagerId where;
  bool progress = false;
  int fruitless = 0;
  Duration waited{};
  std::unique_ptr<concurrency::Executor::Timer> timer;
};

DiscardWorkers::DiscardWorkers(concurrency::Executor& strand,
                               Random& random,
                               ResourceManager& resources,
                               blob::BlobStore& blobs,
                               Settings settings)
    : strand_(strand), random_(random), resources_(resources), blobs_(blobs), settings_(settings) {}

DiscardWorkers::~DiscardWorkers() = default;

void DiscardWorkers::discard(HandleDiscard what, Callback<std::vector<std::string>> done) {
  std::erase_if(what.handles, [this](const OwnedHandle& handle) {
    return std::find(discarded_.begin(), discarded_.end(), handle) != discarded_.end();
  });
  if (what.handles.empty()) {
    done(std::vector<std::string>());
    return;
  }
  auto order = std::make_shared<Request>(Request{.owner = std::move(what.owner),
                                                 .done = std::move(done),
                                                 .handles = what.handles.size(),
                                                 .discarded = {},
                                                 .errors = {}});
  Run& run = runOf(what.program);
  for (OwnedHandle& handle : what.handles) {
    run.waiting.push_back({order, std::move(handle)});
  }
  if (run.current.empty() && run.timer == nullptr) {
    start(run);
  }
}

DiscardWorkers::Run& DiscardWorkers::runOf(
    const std::shared_ptr<const runtime::JobProgram>& program) {
  for (auto& [id, run] : runs_) {
    if (run->program == program) {
      return *run;
    }
  }
  auto run = std::make_unique<Run>();
  run->id = JobId::random(random_);
  run->program = program;
  return *runs_.emplace(run->id, std::move(run)).first->second;
}

DiscardWorkers::Run* DiscardWorkers::find(const runtime::ExecutionId& execution) {
  const auto found = runs_.find(execution.job);
  const bool current = found != runs_.end() && !found->second->current.empty() &&
                       found->second->attempt == execution.attempt;
  return current ? found->second.get() : nullptr;
}

// --------------------------------------------------------------------------------------- workers

void DiscardWorkers::start(Run& run) {
  run.timer.reset();
  const std::vector<TaskManagerId> known = resources_.ids();
  if (!known.empty()) {
    run.waited = Duration::zero();
    deploy(run, known[run.attempt.value() % known.size()]);  // Another one next time.
  } else if (run.waited >= settings_.task_manager_wait) {
    giveUp(run,
           Error(ErrorCode::kUnavailable, "no task manager is registered that could do it")
               .advise("start one and try again"));
  } else {
    run.waited += kLookAgain;
    run.timer = strand_.schedule(kLookAgain, [this, &run] { start(run); });
  }
}

void DiscardWorkers::deploy(Run& run, TaskManagerId where) {
  if (Status kept = blobs_.retain(run.id, blob::keysOf(run.program->program)); !kept) {
    giveUp(run, kept.error());
    return;
  }
  run.attempt = run.attempt.next();
  run.where = where;
  run.progress = false;
  takeWaiting(run);
  runtime::DiscardHandles order;
  order.execution = {run.id, run.attempt, settings_.epoch};
  order.graph = run.program->graph;
  order.program = run.program->program;
  // One that has hung for so long is not waited for.
  order.configuration[std::string(config::kTaskCancellationTimeout.key)] = "1 s";
  for (const Item& item : run.current) {
    order.handles.push_back({item.handle.operator_id, item.handle.handle});
  }
  log::info("discarding state handles",
            {{"handles", run.current.size()},
             {"owner", run.current.front().order->owner},
             {"worker", run.id.hex()}});
  watch(run);
  resources_.gateway(where)->send(std::move(order));
}

/// What one message may hold; the rest is for the next worker.
void DiscardWorkers::takeWaiting(Run& run) const {
  std::uint64_t bytes = 0;
  auto end = run.waiting.begin();
  while (end != run.waiting.end() && (bytes == 0 || bytes < settings_.most_bytes)) {
    bytes += runtime::bytesOf(end->handle.handle);
    ++end;
  }
  if (bytes > settings_.most_bytes && end - run.waiting.begin() > 1) {
    --end;
  }
  run.current.assign(std::make_move_iterator(run.waiting.begin()), std::make_move_iterator(end));
  run.waiting.erase(run.waiting.begin(), end);
}

void DiscardWorkers::watch(Run& run) {
  run.timer = strand_.schedule(settings_.no_progress, [this, &run] {
    log::warn("a worker that discards state handles hangs and is killed",
              {{"worker", run.id.hex()}});
    if (TaskManagerGateway* gateway = resources_.gateway(run.where)) {
      gateway->send(runtime::CancelOrder{{run.id, run.attempt, settings_.epoch}});
    }
  });
}

void DiscardWorkers::release(Run& run) {
  blobs_.release(run.id);
  if (TaskManagerGateway* gateway = resources_.gateway(run.where)) {
    gateway->send(runtime::ReleaseBlobsOrder{run.id});
  }
}

// --------------------------------------------------------------------------------------- reports

bool DiscardWorkers::report(const runtime::TaskManagerReport& report) {
  if (const auto* discarded = std::get_if<runtime::HandleDiscarded>(&report)) {
    if (Run* run = find(discarded->execution)) {
      handleReport(*run, *discarded);
    }
    return true;
  }
  if (const auto* exited = std::get_if<runtime::WorkerExited>(&report)) {
    if (Run* run = find(exited->execution)) {
      workerGone(*run, exited->cause.empty() ? "its worker process ended early" : exited->cause);
      return true;
    }
  }
  return false;
}

void DiscardWorkers::handleReport(Run& run, const runtime::HandleDiscarded& report) {
  if (report.index >= run.current.size() || run.current[report.index].done) {
    return;
  }
  Item& item = run.current[report.index];
  run.progress = true;
  item.begun = true;
  watch(run);
  if (!report.done) {
    if (TaskManagerGateway* gateway = resources_.gateway(run.where)) {
      gateway->send(runtime::DiscardOrder{report.execution, report.index});
    }
    return;
  }
  if (item.finish(report.error.empty() ? std::string() : "threw " + report.error)) {
    // Last: it may come back with more.
    std::exchange(item.order->done, {})(std::move(item.order->errors));
  }
}

void DiscardWorkers::taskManagerLost(TaskManagerId id, const std::string& reason) {
  std::vector<Run*> lost;
  for (auto& [key, run] : runs_) {
    if (!run->current.empty() && run->where == id) {
      lost.push_back(run.get());
    }
  }
  for (Run* run : lost) {
    workerGone(*run, "its task manager was lost: " + reason);
  }
}

void DiscardWorkers::workerGone(Run& run, const std::string& cause) {
  run.timer.reset();
  release(run);
  std::vector<std::shared_ptr<Request>> ended;
  std::vector<Item> left;
  for (Item& item : std::exchange(run.current, {})) {
    if (!item.begun) {
      left.push_back(std::move(item));
    } else if (!item.done && item.finish("was cut short: " + cause)) {
      ended.push_back(item.order);
    }
  }
  const bool interrupted = !left.empty();
  run.fruitless = interrupted && !run.progress ? run.fruitless + 1 : 0;
  left.insert(left.end(),
              std::make_move_iterator(run.waiting.begin()),
              std::make_move_iterator(run.waiting.end()));
  run.waiting = std::move(left);
  if (run.waiting.empty()) {
    runs_.erase(run.id);
  } else if (run.fruitless >= kFruitlessWorkers) {
    giveUp(run, Error(ErrorCode::kUnavailable, cause));
  } else {
    Duration pause = interrupted ? settings_.pause : Duration::zero();
    for (int i = 1; i < run.fruitless; ++i) {
      pause *= kPauseGrowth;
    }
    run.timer = strand_.schedule(pause, [this, &run] { start(run); });
  }
  for (const std::shared_ptr<Request>& order : ended) {
    std::exchange(order->done, {})(std::move(order->errors));
  }
}

// ---------------------------------------------------------------------------------------- the end

void DiscardWorkers::giveUp(Run& run, const Error& why) {
  std::vector<Item> open;  // The first of each order.
  for (std::vector<Item>* items : {&run.current, &run.waiting}) {
    for (Item& item : *items) {
      if (!item.done && (open.empty() || open.back().order != item.order)) {
        open.push_back(std::move(item));
      }
    }
  }
  runs_.erase(run.id);
  for (const Item& item : open) {
    Request& order = *item.order;
    if (order.done) {
      const std::size_t discarded = order.discarded.size();
      std::ranges::move(order.discarded, std::back_inserter(discarded_));
      while (discarded_.size() > kRemembered) {
        discarded_.pop_front();
      }
      std::exchange(order.done, {})(
          Error(why).during(std::to_string(discarded) + " of " + std::to_string(order.handles) +
                            " state handles were discarded, not those of operator '" +
                            item.handle.operator_name + "'"));
    }
  }
}

void DiscardWorkers::stop(const std::string& reason) {
  while (!runs_.empty()) {
    giveUp(*runs_.begin()->second, Error(ErrorCode::kUnavailable, reason));
  }
}

}  // namespace weir::jobmanager
