#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/fs/file_system.h"
#include "common/offline/state_choice.h"
#include "common/runtime/checkpoint_metadata.h"

namespace weir::offline {

/// Writes what one state of a snapshot holds as lines of JSON, as json_mapping.md says: an entry a
/// line, subtask by subtask. With `key`, which is JSON of the key's schema or a bare string, only
/// what that key holds, and only the blocks of its key group are read.
///
/// Holds one block and one entry at a time. `write` is given whole lines, some at a time; its
/// errors end the dump. Errors: kCorruption, naming file, operator and state, for bytes that are
/// damaged or none of the schema; kInvalidArgument for a key that is none. Blocks.
Status dumpState(fs::FileSystem& files,
                 const runtime::CheckpointMetadata& metadata,
                 const ChosenState& chosen,
                 const std::optional<std::string>& key,
                 const std::function<Status(std::string_view)>& write);

}  // namespace weir::offline
