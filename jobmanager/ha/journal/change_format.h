#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "jobmanager/ha/change.h"

/// A change as a record of the journal holds it.
namespace weir::ha {

/// As `weir.v1.JournalRecord` (proto/journal.proto).
std::string encodeChange(const Change& change);
/// kInvalidArgument for bytes that are no change that this release knows.
Result<Change> decodeChange(std::string_view bytes);

}  // namespace weir::ha
