#include "jobmanager/checkpoint/pending_checkpoint.h"

#include <algorithm>
#include <set>

#include "common/fs/location.h"
#include "common/graph/plan.h"
#include "common/snapshot/graph_operators.h"
#include "common/snapshot/layout.h"

namespace weir::jobmanager {
namespace {

bool isSha256(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  return text.size() == kDigits &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Status checkLocations(const runtime::CheckpointAck& ack, const std::string& directory) {
  const auto expected = fs::Location::parse(directory);
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    const std::string& location = one.handle.location;
    bool usable = std::ranges::all_of(one.handle.shared, [&](const runtime::SharedFile& file) {
      return !directory.empty() && snapshot::sharedSince(file.name).has_value();
    });
    if (one.handle.storage == runtime::SectionHandle::Storage::kBlob) {
      usable = usable && directory.empty() && isSha256(location);
    } else if (one.handle.storage == runtime::SectionHandle::Storage::kFile) {
      const auto file = fs::Location::parse(location);
      usable = usable && file && expected && file->parent() == *expected &&
               snapshot::isStateFileName(file->name());
    }
    if (!usable) {
      return Error(ErrorCode::kInvalidArgument,
                   "acknowledged with state at '" + location + "', which is no file of " +
                       (directory.empty() ? "its job, whose state lies on the job manager"
                                          : "its checkpoint's directory " + directory));
    }
  }
  return ok();
}

Status checkOperators(const runtime::CheckpointAck& ack, const graph::JobGraph& graph) {
  std::set<OperatorId> expected;
  for (const graph::JobVertex& vertex : graph.vertices) {
    if (vertex.id == ack.task.vertex) {
      for (const std::uint32_t index : vertex.operators) {
        expected.insert(graph.operators[index].id);
      }
    }
  }
  for (const runtime::OperatorSnapshot& one : ack.operators) {
    if (expected.erase(one.id) == 0) {
      return Error(ErrorCode::kInvalidArgument,
                   "acknowledged with state of operator " + one.id.hex() +
                       ", which it does not run or has named before");
    }
  }
  return ok();
}

runtime::CheckpointMetadata toMetadata(const PendingCheckpoint& pending,
                                       const graph::JobGraph& graph,
                                       const SnapshotOrigin& origin,
                                       std::int64_t duration_millis) {
  runtime::CheckpointMetadata metadata;
  metadata.writer = origin.writer;
  metadata.job = origin.job;
  metadata.job_name = graph.name;
  metadata.checkpoint = pending.id;
  metadata.savepoint = pending.kind == SnapshotKind::kSavepoint;
  metadata.trigger_millis = pending.trigger_millis;
  metadata.duration_millis = duration_millis;
  metadata.max_parallelism = graph.max_parallelism;
  metadata.program_hash = origin.program_hash;
  metadata.operators = snapshot::operatorsOf(graph, pending.acks);
  return metadata;
}

std::vector<std::string> uidWarnings(const runtime::CheckpointMetadata& metadata,
                                     const graph::JobGraph& graph) {
  std::vector<std::string> warnings;
  for (const runtime::SavedOperator& state : metadata.operators) {
    const auto found = std::find_if(graph.operators.begin(),
                                    graph.operators.end(),
                                    [&](const auto& one) { return one.id == state.id; });
    if (state.hasState() && found != graph.operators.end() && found->uid.empty()) {
      warnings.push_back(graph::uidWarning(*found));
    }
  }
  return warnings;
}

}  // namespace weir::jobmanager
