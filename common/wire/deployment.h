#pragma once

#include "common/base/result.h"
#include "common/runtime/deployment.h"
#include "common/runtime/job_state.h"
#include "worker.pb.h"

namespace weir::wire {

v1::ExecutionId toProto(const runtime::ExecutionId& execution);
Result<runtime::ExecutionId> fromProto(const v1::ExecutionId& message);

v1::TaskId toProto(const runtime::TaskId& task);
Result<runtime::TaskId> fromProto(const v1::TaskId& message);

v1::BlobKey toProto(const runtime::BlobKey& key);
/// The digest is 64 lower-case hex digits, so that it may stand in a path.
Result<runtime::BlobKey> fromProto(const v1::BlobKey& message);

v1::Program toProto(const runtime::Program& program);
/// Names of files have no slash, so that they stay in the worker's directory.
Result<runtime::Program> fromProto(const v1::Program& message);

v1::JobProgram toProto(const runtime::JobProgram& program);
Result<runtime::JobProgram> fromProto(const v1::JobProgram& message);

/// Without `shared_lists` every order holds its sections itself, as workers up to protocol 2
/// expect.
v1::Deployment toProto(const runtime::Deployment& deployment, bool shared_lists = true);
/// The placement fits the graph and names existing workers.
Result<runtime::Deployment> fromProto(const v1::Deployment& message);

/// Discards travel as a deployment without tasks that says so, as workers of all protocols know
/// them.
v1::Deployment toProto(const runtime::DiscardHandles& discards, bool shared_lists = true);
/// Of a message that says that it `discards_handles`.
Result<runtime::DiscardHandles> discardsFromProto(const v1::Deployment& message);

}  // namespace weir::wire
