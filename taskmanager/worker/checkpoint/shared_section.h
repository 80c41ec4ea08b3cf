#pragma once

#include <atomic>

#include "common/base/result.h"
#include "common/runtime/messages.h"
#include "common/state/section.h"
#include "taskmanager/worker/checkpoint/section_sink.h"
#include "taskmanager/worker/checkpoint/shared_uploads.h"
#include "taskmanager/worker/checkpoint/snapshot_store.h"

namespace weir::worker {

/// What an acknowledgement says of a state.
runtime::SavedState savedStateOf(const state::StateSummary& summary, const FrozenOperator& frozen);

/// Writes the state of an operator into `sink`, and says what it is; where it lies is known to who
/// has the sink. Without states there is none.
Result<runtime::OperatorSnapshot> writeSection(const FrozenOperator& frozen, SectionSink& sink);

/// On the task's thread, right after its state was frozen: whether some operator's becomes tables
/// that are shared. Then settle() comes next, and writeShared() for operators with `tables`.
bool beginSharing(Snapshot& snapshot);
/// Makes the tables, or says in their place why there are none. On any thread.
void settle(Snapshot& snapshot);
/// Stores the tables, and in `file` the section that names them.
Result<runtime::OperatorSnapshot> writeShared(const Snapshot& of,
                                              FrozenOperator& frozen,
                                              SharedUploads& uploads,
                                              SectionFile& file,
                                              const std::atomic<bool>& unwanted);

}  // namespace weir::worker
