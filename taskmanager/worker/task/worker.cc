#include "taskmanager/worker/task/worker.h"

#include <algorithm>
#include <map>
#include <utility>

#include "common/base/overloaded.h"
#include "common/config/configuration.h"
#include "common/config/options.h"
#include "common/config/worker_options.h"
#include "common/runtime/report_limits.h"
#include "taskmanager/worker/network/channel_plan.h"
#include "taskmanager/worker/task/exception_text.h"

namespace weir::worker {

Result<std::unique_ptr<Worker>> Worker::make(runtime::Deployment deployment,
                                             graph::ProgramCode code,
                                             WorkerSurroundings surroundings) {
  WEIR_TRY(auto buffers, BufferPool::fromConfiguration(deployment.configuration));
  WEIR_TRY(const auto settings, config::Configuration::fromMap(deployment.configuration));
  const Settings ours{
      std::chrono::duration_cast<std::chrono::milliseconds>(settings.get(config::kBufferTimeout)),
      settings.get(config::kWorkerMaxText).bytes,
      settings.get(config::kWorkerMaxAccumulators).bytes,
      config::Security::resolve(settings)};
  std::unique_ptr<RocksTiers> tiers;
  if (RocksTiers::areWanted(settings)) {
    WEIR_TRY(tiers, RocksTiers::make(RocksTiers::settingsOf(settings, deployment.slots)));
  }
  return std::unique_ptr<Worker>(new Worker(std::move(deployment),
                                            std::move(code),
                                            std::move(surroundings),
                                            std::move(buffers),
                                            std::move(tiers),
                                            ours));
}

Worker::Worker(runtime::Deployment deployment,
               graph::ProgramCode code,
               WorkerSurroundings surroundings,
               std::unique_ptr<BufferPool> buffers,
               std::unique_ptr<RocksTiers> tiers,
               Settings settings)
    : deployment_(std::move(deployment)),
      code_(std::move(code)),
      surroundings_(std::move(surroundings)),
      settings_(settings),
      report_([this](runtime::WorkerReport one) { report(std::move(one)); }),
      buffers_(std::move(buffers)),
      tiers_(std::move(tiers)),
      snapshots_(deployment_.execution,
                 deployment_.storage,
                 surroundings_.files,
                 surroundings_.random,
                 surroundings_.clock,
                 report_,
                 {}),
      data_plane_(deployment_,
                  *buffers_,
                  settings_.security,
                  [this](Link::Side side, std::uint32_t worker, const std::string& cause) {
                    onLost(side, worker, cause);
                  }) {
  makeTasks();
  connectTasks();
}

Worker::~Worker() {
  cancelAll();
  join();
  data_plane_.stop();
  snapshots_.close();
}

void Worker::report(runtime::WorkerReport report) {
  runtime::forEachText(report, [this](std::string& text) { cutAloud(text, settings_.most_text); });
  std::lock_guard lock(report_mutex_);
  surroundings_.report(std::move(report));
}

std::chrono::milliseconds Worker::bufferTimeoutOf(std::uint32_t vertex,
                                                  std::chrono::milliseconds otherwise) const {
  std::optional<std::chrono::milliseconds> least;
  for (const std::uint32_t index : deployment_.graph->vertices[vertex].operators) {
    const auto own = deployment_.graph->operators[index].buffer_timeout;
    if (own && own->count() >= 0 && (!least || least->count() < 0 || *own < *least)) {
      least = own;
    } else if (own && !least) {
      least = own;  // -1: only full buffers.
    }
  }
  return least.value_or(otherwise);
}

void Worker::makeTasks() {
  for (std::uint32_t vertex = 0; vertex < deployment_.placement.size(); ++vertex) {
    const auto& workers = deployment_.placement[vertex];
    for (std::uint32_t subtask = 0; subtask < workers.size(); ++subtask) {
      if (workers[subtask] != deployment_.self) {
        continue;
      }
      Task task;
      task.vertex = vertex;
      task.thread =
          std::make_unique<SubtaskThread>(deployment_,
                                          code_,
                                          vertex,
                                          subtask,
                                          bufferTimeoutOf(vertex, settings_.buffer_timeout),
                                          TaskServices{*buffers_,
                                                       snapshots_,
                                                       surroundings_.files,
                                                       surroundings_.clock,
                                                       surroundings_.lease,
                                                       tiers_.get(),
                                                       report_,
                                                       settings_.most_accumulators});
      task.subtask = subtask;
      tasks_.push_back(std::move(task));
    }
  }
  running_ = tasks_.size();
}

Worker::Task* Worker::taskOf(std::uint32_t vertex, std::uint32_t subtask) {
  const auto found = std::find_if(tasks_.begin(), tasks_.end(), [&](const Task& task) {
    return task.vertex == vertex && task.subtask == subtask;
  });
  return found == tasks_.end() ? nullptr : &*found;
}

void Worker::connectTasks() {
  using Outputs = std::vector<std::unique_ptr<OutputChannel>>;
  std::map<std::pair<std::uint32_t, std::uint32_t>, Outputs> outputs;  // By edge and producer.
  const std::uint32_t self = deployment_.self;
  for (const PlannedChannel& channel :
       planChannels(deployment_.graph, deployment_.placement, self)) {
    const graph::JobEdge& edge = deployment_.graph->edges[channel.edge];
    Task* consumer = nullptr;
    if (channel.consumer_worker == self) {
      consumer = taskOf(edge.target_vertex, channel.consumer);
      if (channel.producer_worker != self) {
        data_plane_.link(Link::Side::kConsumer, channel.producer_worker)
            .addInput(consumer->thread->gate(), channel.gate_channel);
        consumer->producers.push_back(channel.producer_worker);
        continue;
      }
    }
    Outputs& out = outputs[{channel.edge, channel.producer}];
    if (consumer != nullptr) {
      out.push_back(std::make_unique<LocalChannel>(consumer->thread->gate(), channel.gate_channel));
    } else {
      out.push_back(data_plane_.link(Link::Side::kProducer, channel.consumer_worker).addOutput());
      taskOf(edge.source_vertex, channel.producer)->consumers.push_back(channel.consumer_worker);
    }
  }
  for (auto& [key, channels] : outputs) {
    const std::uint32_t vertex = deployment_.graph->edges[key.first].source_vertex;
    taskOf(vertex, key.second)->thread->addOutput(key.first, std::move(channels));
  }
}

void Worker::start() {
  data_plane_.start();
  for (Task& task : tasks_) {
    task.thread->start([this] {
      if (running_.fetch_sub(1) == 1 && surroundings_.ended) {
        surroundings_.ended();
      }
    });
  }
}

bool Worker::processed() const {
  return std::any_of(
      tasks_.begin(), tasks_.end(), [](const Task& task) { return task.thread->processed(); });
}

void Worker::join() {
  for (Task& task : tasks_) {
    task.thread->join();
  }
}

void Worker::cancelAll() {
  for (Task& task : tasks_) {
    task.thread->cancel();
  }
}

void Worker::onLost(Link::Side side, std::uint32_t worker, const std::string& cause) {
  for (Task& task : tasks_) {
    const auto& users = side == Link::Side::kConsumer ? task.producers : task.consumers;
    if (std::find(users.begin(), users.end(), worker) != users.end()) {
      task.thread->lost(cause);
    }
  }
}

void Worker::handle(const runtime::WorkerOrder& order) {
  if (const auto* execution = runtime::executionOf(order);
      execution == nullptr || *execution != deployment_.execution) {
    return;
  }
  const auto tell_all = [this](const auto& tell) {
    for (Task& task : tasks_) {
      tell(*task.thread);
    }
  };
  std::visit(Overloaded{[&](const runtime::TriggerOrder& trigger) {
                          tell_all([&](SubtaskThread& task) {
                            if (task.isSource()) {
                              task.trigger(trigger.order);
                            }
                          });
                        },
                        [&](const runtime::NotifyOrder& notify) {
                          notify.completed ? snapshots_.completed(notify.checkpoint)
                                           : snapshots_.aborted(notify.checkpoint);
                          tell_all([&](SubtaskThread& task) {
                            task.notify(notify.checkpoint, notify.completed);
                          });
                        },
                        [&](const runtime::CancelOrder&) { cancelAll(); },
                        [&](const runtime::FinishOrder&) {
                          tell_all([](SubtaskThread& task) { task.finish(); });
                        },
                        // These are the process's, and none for a worker that runs.
                        [](const runtime::Deployment&) {},
                        [](const runtime::DiscardHandles&) {},
                        [](const runtime::DiscardOrder&) {},
                        [](const runtime::LeaseOrder&) {},
                        [](const runtime::PeerConnection&) {}},
             order);
}

}  // namespace weir::worker
