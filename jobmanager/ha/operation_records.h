#pragma once

#include <optional>

#include "common/base/ids.h"
#include "common/base/result.h"
#include "common/runtime/client_messages.h"

/// What became of requests that clients may repeat. How far an upgrade has got: upgrade_record.h.
namespace weir::ha {

/// What came of a client's savepoint request, to be answered the same way when it is repeated.
struct SavepointAnswer {
  OperationId operation;
  JobId job;
  Result<runtime::SavepointResult> result;
};

/// A disposal in files that a client asked for: stored before anything of the savepoint is closed,
/// and again with its answer.
struct StoredDisposal {
  runtime::DisposeRequest request;
  std::optional<Result<runtime::DisposeReply>> answer{};
};

}  // namespace weir::ha
