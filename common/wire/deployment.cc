#include "common/wire/deployment.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/wire/checkpoint.h"
#include "common/wire/fields.h"
#include "common/wire/graph.h"

namespace weir::wire {
namespace {

using fields::wrong;

v1::ProgramFile toProto(const runtime::ProgramFile& file) {
  v1::ProgramFile to;
  to.set_name(file.name);
  *to.mutable_blob() = wire::toProto(file.blob);
  return to;
}

Result<runtime::ProgramFile> fromProto(const v1::ProgramFile& from) {
  runtime::ProgramFile to;
  to.name = from.name();
  constexpr std::size_t kLongestName = 255;  // NAME_MAX of every file system in use.
  if (to.name.empty() || to.name == "." || to.name == ".." || to.name.size() > kLongestName ||
      to.name.find('/') != std::string::npos || to.name.find('\0') != std::string::npos) {
    return wrong("file name '" + cutText(to.name, kLongestName) + "' of a program",
                 "is not one that a directory can hold");
  }
  WEIR_TRY(to.blob, wire::fromProto(from.blob()).during("file '" + to.name + "'"));
  return to;
}

v1::WorkerEndpoint toProto(const runtime::WorkerEndpoint& worker) {
  v1::WorkerEndpoint to;
  to.set_task_manager(fields::bytesOf(worker.task_manager));
  to.set_host(worker.host);
  to.set_data_port(worker.data_port);
  return to;
}

Result<runtime::WorkerEndpoint> fromProto(const v1::WorkerEndpoint& from) {
  runtime::WorkerEndpoint to;
  WEIR_TRY(to.task_manager, fields::id<TaskManagerId>("task manager", from.task_manager()));
  to.host = from.host();
  if (from.data_port() > UINT16_MAX) {
    return wrong("data port of " + to.host, "is " + std::to_string(from.data_port()));
  }
  to.data_port = static_cast<std::uint16_t>(from.data_port());
  return to;
}

template <typename Sections, typename Repeated>
void toRepeated(const Sections& from, Repeated& to) {
  for (const runtime::RestoreSection& section : from) {
    auto& one = *to.Add();
    one.set_old_subtask(section.old_subtask);
    *one.mutable_handle() = wire::toProto(section.handle);
  }
}

Result<std::vector<runtime::RestoreSection>> fromProto(const v1::RestoreList& from) {
  std::vector<runtime::RestoreSection> to;
  to.reserve(static_cast<std::size_t>(from.sections_size()));
  for (const auto& section : from.sections()) {
    if (!to.empty() && section.old_subtask() <= to.back().old_subtask) {
      return wrong("a list of state to restore", "is not sorted by the subtasks that stored it");
    }
    WEIR_TRY(auto handle, wire::fromProto(section.handle()));
    to.push_back({section.old_subtask(), std::move(handle)});
  }
  return to;
}

v1::OperatorRestoreOrder toProto(const runtime::OperatorRestoreOrder& order) {
  v1::OperatorRestoreOrder to;
  to.set_id(fields::bytesOf(order.id));
  to.set_old_parallelism(order.old_parallelism);
  to.set_finished(order.finished);
  to.set_list(order.list);
  to.set_first(order.first);
  to.set_count(order.count);
  if (order.without) {
    to.set_without(*order.without);
  }
  for (const std::string& name : order.dropped) {
    to.add_dropped(name);
  }
  to.set_unclaimed(static_cast<std::uint32_t>(order.unclaimed));
  return to;
}

Result<runtime::OperatorRestoreOrder> fromProto(const v1::OperatorRestoreOrder& from) {
  runtime::OperatorRestoreOrder to;
  WEIR_TRY(to.id, fields::id<OperatorId>("operator to restore", from.id()));
  to.old_parallelism = from.old_parallelism();
  to.finished = from.finished();
  to.list = from.list();
  to.first = from.first();
  to.count = from.count();
  if (from.has_without()) {
    to.without = from.without();
  }
  to.dropped.assign(from.dropped().begin(), from.dropped().end());
  if (from.unclaimed() > static_cast<std::uint32_t>(state::Unclaimed::kLeftOut)) {
    return wrong("operator " + to.id.hex() + " to restore",
                 "is to treat unclaimed state in way " + std::to_string(from.unclaimed()));
  }
  to.unclaimed = static_cast<state::Unclaimed>(from.unclaimed());
  return to;
}

v1::TaskRestore toProto(const runtime::TaskRestore& restore) {
  v1::TaskRestore to;
  *to.mutable_task() = wire::toProto(restore.task);
  for (const auto& one : restore.operators) {
    *to.add_operators() = toProto(one);
  }
  return to;
}

Result<runtime::TaskRestore> fromProto(const v1::TaskRestore& from) {
  runtime::TaskRestore to;
  WEIR_TRY(to.task, wire::fromProto(from.task()));
  WEIR_TRY(
      to.operators,
      fields::all<runtime::OperatorRestoreOrder>(
          from.operators(), [](const v1::OperatorRestoreOrder& one) { return fromProto(one); }));
  return to;
}

v1::CheckpointStorage toProto(const runtime::CheckpointStorage& storage) {
  v1::CheckpointStorage to;
  to.set_kind(static_cast<std::uint32_t>(storage.kind));
  to.set_directory(storage.directory);
  to.set_inline_threshold(storage.inline_threshold);
  to.set_max_state_size(storage.max_state_size);
  to.set_keeps_descriptions(storage.keeps_descriptions);
  return to;
}

Result<runtime::CheckpointStorage> fromProto(const v1::CheckpointStorage& from) {
  using Kind = runtime::CheckpointStorage::Kind;
  runtime::CheckpointStorage to;
  WEIR_TRY(to.kind,
           fields::number("checkpoint storage", from.kind(), Kind::kJobManager, Kind::kFileSystem));
  to.directory = from.directory();
  to.inline_threshold = from.inline_threshold();
  to.max_state_size = from.max_state_size();
  to.keeps_descriptions = from.keeps_descriptions();
  return to;
}

Status checkPlacement(const runtime::Deployment& deployment) {
  if (deployment.self >= deployment.workers.size()) {
    return wrong("a deployment", "is addressed to a worker that it does not name");
  }
  if (deployment.placement.size() != deployment.graph->vertices.size()) {
    return wrong("a deployment",
                 "places " + std::to_string(deployment.placement.size()) + " vertices of " +
                     std::to_string(deployment.graph->vertices.size()));
  }
  for (std::size_t index = 0; index < deployment.placement.size(); ++index) {
    const graph::JobVertex& vertex = deployment.graph->vertices[index];
    const std::vector<std::uint32_t>& workers = deployment.placement[index];
    const bool known = std::all_of(workers.begin(), workers.end(), [&](std::uint32_t worker) {
      return worker < deployment.workers.size();
    });
    if (workers.size() != vertex.parallelism || !known) {
      return wrong("a deployment",
                   "places vertex '" + vertex.name +
                       "' on workers that do not exist, or not all "
                       "of its subtasks");
    }
  }
  return ok();
}

/// Every order names a part of a list that is there, stored by subtasks that its operator had.
Status checkLists(const runtime::Restores& restores) {
  for (const runtime::TaskRestore& task : restores.tasks) {
    for (const runtime::OperatorRestoreOrder& one : task.operators) {
      if (one.count == 0) {
        continue;
      }
      const std::string what = "operator " + one.id.hex() + " to restore";
      const std::size_t size =
          one.list < restores.lists.size() ? restores.lists[one.list].size() : 0;
      if (one.first >= size || one.count > size - one.first) {
        return wrong(what, "gets sections that its deployment does not hold");
      }
      const std::uint32_t last = restores.lists[one.list][one.first + one.count - 1].old_subtask;
      if (last >= one.old_parallelism) {
        return wrong(what,
                     "gets state of subtask " + std::to_string(last) + " of " +
                         std::to_string(one.old_parallelism));
      }
    }
  }
  return ok();
}

/// Without `shared_lists` every order holds its sections itself.
void addRestores(const runtime::Restores& restores, bool shared_lists, v1::Deployment& to) {
  for (const runtime::TaskRestore& restore : restores.tasks) {
    v1::TaskRestore& task = *to.add_restores();
    task = toProto(restore);
    for (std::size_t i = 0; !shared_lists && i < restore.operators.size(); ++i) {
      toRepeated(restores.sectionsOf(restore.operators[i]),
                 *task.mutable_operators(static_cast<int>(i))->mutable_sections());
    }
  }
  for (const auto& list : restores.lists) {
    if (shared_lists) {
      toRepeated(list, *to.add_restore_lists()->mutable_sections());
    }
  }
}

Result<runtime::Restores> restoresOf(const v1::Deployment& from) {
  const auto decode = [](const auto& one) { return fromProto(one); };
  runtime::Restores to;
  WEIR_TRY(to.lists,
           fields::all<std::vector<runtime::RestoreSection>>(from.restore_lists(), decode));
  WEIR_TRY(to.tasks, fields::all<runtime::TaskRestore>(from.restores(), decode));
  WEIR_RETURN_IF_ERROR(checkLists(to));
  return to;
}

/// Every restore is of a subtask and of operators that the graph has, and each comes once.
Status checkRestores(const runtime::Deployment& deployment) {
  std::map<OperatorId, const graph::JobVertex*> vertices;
  for (const graph::JobVertex& vertex : deployment.graph->vertices) {
    vertices.emplace(vertex.id, &vertex);
  }
  std::set<runtime::TaskId> tasks;
  for (const runtime::TaskRestore& restore : deployment.restores.tasks) {
    auto found = vertices.find(restore.task.vertex);
    if (found == vertices.end() || restore.task.subtask >= found->second->parallelism ||
        !tasks.insert(restore.task).second) {
      return wrong("a deployment", "restores a subtask that its graph does not have, or one twice");
    }
    std::set<OperatorId> left;
    for (const std::uint32_t index : found->second->operators) {
      left.insert(deployment.graph->operators[index].id);
    }
    for (const runtime::OperatorRestoreOrder& one : restore.operators) {
      if (left.erase(one.id) == 0) {
        return wrong("a deployment",
                     "restores operator " + one.id.hex() + " twice or in vertex '" +
                         found->second->name + "', which does not have it");
      }
    }
  }
  return ok();
}

}  // namespace

v1::ExecutionId toProto(const runtime::ExecutionId& execution) {
  v1::ExecutionId to;
  to.set_job(fields::bytesOf(execution.job));
  to.set_attempt(execution.attempt.value());
  to.set_epoch(execution.epoch.value());
  return to;
}

Result<runtime::ExecutionId> fromProto(const v1::ExecutionId& from) {
  runtime::ExecutionId to;
  WEIR_TRY(to.job, fields::id<JobId>("job", from.job()));
  to.attempt = AttemptId(from.attempt());
  to.epoch = LeaderEpoch(from.epoch());
  return to;
}

v1::TaskId toProto(const runtime::TaskId& task) {
  v1::TaskId to;
  to.set_vertex(fields::bytesOf(task.vertex));
  to.set_subtask(task.subtask);
  return to;
}

Result<runtime::TaskId> fromProto(const v1::TaskId& from) {
  runtime::TaskId to;
  WEIR_TRY(to.vertex, fields::id<OperatorId>("vertex of a task", from.vertex()));
  to.subtask = from.subtask();
  return to;
}

v1::BlobKey toProto(const runtime::BlobKey& key) {
  v1::BlobKey to;
  to.set_sha256(key.sha256);
  to.set_size(key.size);
  return to;
}

Result<runtime::BlobKey> fromProto(const v1::BlobKey& from) {
  const std::string& digest = from.sha256();
  const bool hex = std::all_of(digest.begin(), digest.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
  if (digest.size() != 64 || !hex) {
    return wrong("the key of a blob", "is not a SHA-256 in lower-case hex");
  }
  return runtime::BlobKey{digest, from.size()};
}

v1::Program toProto(const runtime::Program& program) {
  v1::Program to;
  if (!program.executable.name.empty()) {  // Jobs of the local cluster have none.
    *to.mutable_executable() = toProto(program.executable);
  }
  for (const runtime::ProgramFile& file : program.libraries) {
    *to.add_libraries() = toProto(file);
  }
  for (const runtime::ProgramFile& file : program.shipped) {
    *to.add_shipped() = toProto(file);
  }
  for (const std::string& argument : program.arguments) {
    to.add_arguments(argument);
  }
  to.set_default_parallelism(program.default_parallelism);
  fields::toRepeated(program.configuration, *to.mutable_configuration());
  return to;
}

Result<runtime::Program> fromProto(const v1::Program& from) {
  const auto decode = [](const v1::ProgramFile& file) { return fromProto(file); };
  runtime::Program to;
  if (from.has_executable()) {
    WEIR_TRY(to.executable, decode(from.executable()));
  }
  WEIR_TRY(to.libraries, fields::all<runtime::ProgramFile>(from.libraries(), decode));
  WEIR_TRY(to.shipped, fields::all<runtime::ProgramFile>(from.shipped(), decode));
  const auto name_of = [](const runtime::ProgramFile& file) { return file.name; };
  WEIR_RETURN_IF_ERROR(fields::unique("the list of libraries", to.libraries, name_of));
  WEIR_RETURN_IF_ERROR(fields::unique("the list of shipped files", to.shipped, name_of));
  to.arguments.assign(from.arguments().begin(), from.arguments().end());
  for (const std::string& argument : to.arguments) {
    if (argument.find('\0') != std::string::npos) {
      return wrong("an argument of the program", "has a zero byte in it");
    }
  }
  to.default_parallelism = from.default_parallelism();
  to.configuration = fields::toMap(from.configuration());
  return to;
}

v1::JobProgram toProto(const runtime::JobProgram& program) {
  v1::JobProgram to;
  *to.mutable_program() = toProto(program.program);
  *to.mutable_graph() = toProto(program.graph);
  return to;
}

Result<runtime::JobProgram> fromProto(const v1::JobProgram& from) {
  runtime::JobProgram to;
  WEIR_TRY(to.program, fromProto(from.program()));
  WEIR_TRY(to.graph, fromProto(from.graph()));
  return to;
}

v1::Deployment toProto(const runtime::Deployment& deployment, bool shared_lists) {
  v1::Deployment to;
  *to.mutable_execution() = toProto(deployment.execution);
  *to.mutable_graph() = toProto(deployment.graph);
  *to.mutable_program() = toProto(deployment.program);
  for (const runtime::WorkerEndpoint& worker : deployment.workers) {
    *to.add_workers() = toProto(worker);
  }
  to.set_self(deployment.self);
  for (const auto& subtasks : deployment.placement) {
    to.add_placement()->mutable_workers()->Assign(subtasks.begin(), subtasks.end());
  }
  to.set_token(deployment.token);
  addRestores(deployment.restores, shared_lists, to);
  *to.mutable_storage() = toProto(deployment.storage);
  fields::toRepeated(deployment.configuration, *to.mutable_configuration());
  to.set_slots(deployment.slots);
  to.set_stopped(deployment.stopped);
  return to;
}

Result<runtime::Deployment> fromProto(const v1::Deployment& from) {
  runtime::Deployment to;
  WEIR_TRY(to.execution, fromProto(from.execution()));
  WEIR_TRY(to.graph, fromProto(from.graph()));
  WEIR_TRY(to.program, fromProto(from.program()));
  const auto decode = [](const auto& one) { return fromProto(one); };
  WEIR_TRY(to.workers, fields::all<runtime::WorkerEndpoint>(from.workers(), decode));
  to.self = from.self();
  for (const v1::Placement& vertex : from.placement()) {
    to.placement.emplace_back(vertex.workers().begin(), vertex.workers().end());
  }
  to.token = from.token();
  WEIR_TRY(to.restores, restoresOf(from));
  WEIR_TRY(to.storage, fromProto(from.storage()));
  to.configuration = fields::toMap(from.configuration());
  to.slots = from.slots();
  to.stopped = from.stopped();
  WEIR_RETURN_IF_ERROR(checkPlacement(to));
  WEIR_RETURN_IF_ERROR(checkRestores(to));
  return to;
}

v1::Deployment toProto(const runtime::DiscardHandles& discards, bool shared_lists) {
  v1::Deployment to;
  *to.mutable_execution() = toProto(discards.execution);
  *to.mutable_graph() = toProto(discards.graph);
  *to.mutable_program() = toProto(discards.program);
  runtime::Restores restores;
  runtime::TaskRestore& task = restores.tasks.emplace_back();
  for (const runtime::DiscardHandles::Handle& one : discards.handles) {
    runtime::OperatorRestoreOrder& order = task.operators.emplace_back();
    order.id = one.owner;
    order.old_parallelism = 1;
    restores.give(order, {{0, one.state}});
  }
  addRestores(restores, shared_lists, to);
  *to.mutable_storage() = toProto(runtime::CheckpointStorage{});
  fields::toRepeated(discards.configuration, *to.mutable_configuration());
  to.set_slots(1);
  to.set_discards_handles(true);
  return to;
}

Result<runtime::DiscardHandles> discardsFromProto(const v1::Deployment& from) {
  runtime::DiscardHandles to;
  WEIR_TRY(to.execution, fromProto(from.execution()));
  WEIR_TRY(to.graph, fromProto(from.graph()));
  WEIR_TRY(to.program, fromProto(from.program()));
  WEIR_TRY(const runtime::Restores restores, restoresOf(from));
  for (const runtime::TaskRestore& task : restores.tasks) {
    for (const runtime::OperatorRestoreOrder& order : task.operators) {
      for (const runtime::RestoreSection& section : restores.sectionsOf(order)) {
        to.handles.push_back({order.id, section.handle});
      }
    }
  }
  to.configuration = fields::toMap(from.configuration());
  return to;
}

}  // namespace weir::wire
