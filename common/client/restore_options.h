#pragma once

#include <vector>

#include "common/base/result.h"
#include "common/client/command.h"
#include "common/client/console.h"
#include "common/client/prepared_program.h"
#include "common/runtime/client_messages.h"

namespace weir::client {

/// Options that say what becomes of state that does not match by itself.
std::vector<CommandOption> matchOptions();
/// Their values, and the savepoint that RunOptions names.
void takeMatchOptions(const Given& given, RunOptions& options);
/// What is asked for by them. Errors: kInvalidArgument for wrong use.
Result<runtime::RestoreRequest> restoreRequest(const RunOptions& options);

/// What is restored, starts empty, and is dropped, for the reader.
void printRestore(Console& console, const runtime::RestoreReport& report);

}  // namespace weir::client
