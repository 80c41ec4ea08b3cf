#include "taskmanager/worker/checkpoint/shared_section.h"

#include <exception>
#include <utility>

#include "common/rocksdb/table_manifest.h"
#include "common/state/keyed_backend.h"

namespace weir::worker {

runtime::SavedState savedStateOf(const state::StateSummary& summary, const FrozenOperator& frozen) {
  runtime::SavedState info;
  info.name = summary.name;
  info.kind = summary.kind;
  info.key = summary.key_schema;
  info.value = summary.value_schema;
  info.declared_late =
      summary.kind != state::StateKind::kInFlight && !frozen.declared.contains(summary.name);
  info.entries = summary.entries;
  info.bytes = summary.bytes;
  info.mode = summary.mode;
  return info;
}

Result<runtime::OperatorSnapshot> writeSection(const FrozenOperator& frozen, SectionSink& sink) {
  runtime::OperatorSnapshot snapshot;
  snapshot.id = frozen.id;
  if (frozen.state == nullptr) {
    return snapshot;
  }
  state::SectionWriter writer(sink);
  WEIR_RETURN_IF_ERROR(frozen.state->write(writer));
  WEIR_TRY(const state::SectionInfo info, writer.finish());
  for (const state::StateSummary& summary : info.states) {
    snapshot.states.push_back(savedStateOf(summary, frozen));
  }
  if (!info.states.empty()) {
    snapshot.handle.size = info.size;
    snapshot.handle.checksum = info.checksum;
  }
  return snapshot;
}

bool beginSharing(Snapshot& snapshot) {
  bool any = false;
  for (FrozenOperator& one : snapshot.operators) {
    if (one.state != nullptr && one.state->share()) {
      one.tables = Result<state::SharedTables>(
          Error(ErrorCode::kCancelled, "the worker ends before its tables are made"));
      any = true;
    }
  }
  return any;
}

void settle(Snapshot& snapshot) {
  for (FrozenOperator& one : snapshot.operators) {
    if (!one.tables) {
      continue;
    }
    try {
      one.tables = one.state->settle();
    } catch (const std::exception& e) {  // A serializer of the user's.
      one.tables = Result<state::SharedTables>(Error(ErrorCode::kUserCode, e.what()));
    }
  }
}

Result<runtime::OperatorSnapshot> writeShared(const Snapshot& of,
                                              FrozenOperator& frozen,
                                              SharedUploads& uploads,
                                              SectionFile& file,
                                              const std::atomic<bool>& unwanted) {
  WEIR_TRY(const state::SharedTables tables, std::move(*frozen.tables));
  rocks::TableManifest manifest;
  manifest.key_schema = tables.key_schema;
  manifest.names_hold_keys = tables.names_hold_keys;
  WEIR_TRY(manifest.tables,
           uploads.store({of.task, frozen.id}, of.order.checkpoint, tables, unwanted));
  runtime::OperatorSnapshot snapshot;
  snapshot.id = frozen.id;
  for (const state::SharedTables::File& one : tables.files) {
    manifest.files.push_back({one.name, one.bytes});
  }
  for (const rocks::TableManifest::Table& table : manifest.tables) {
    snapshot.handle.shared.push_back({table.shared, table.size});
  }
  SectionSink sink(0, &file, unwanted);
  SummedSink sum(sink);
  for (const state::SharedTables::State& one : tables.states) {
    manifest.states.push_back({one.info, one.family});
    snapshot.states.push_back(savedStateOf({.name = one.info.name,
                                            .kind = one.info.kind,
                                            .mode = one.info.mode,
                                            .key_schema = tables.key_schema,
                                            .value_schema = one.info.schema,
                                            .entries = one.entries,
                                            .bytes = one.bytes},
                                           frozen));
  }
  WEIR_RETURN_IF_ERROR(sum.append(manifest.encode()));
  state::SectionWriter writer(sum);
  WEIR_RETURN_IF_ERROR(frozen.state->write(writer));
  WEIR_TRY(const state::SectionInfo info, writer.finish());
  for (const state::StateSummary& summary : info.states) {
    snapshot.states.push_back(savedStateOf(summary, frozen));
  }
  snapshot.handle.storage = runtime::SectionHandle::Storage::kFile;
  snapshot.handle.location = file.path();
  snapshot.handle.offset = sink.fileOffset();
  snapshot.handle.size = sum.size();
  snapshot.handle.checksum = sum.checksum();
  return snapshot;
}

}  // namespace weir::worker
