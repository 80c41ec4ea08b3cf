#include "common/client/restore_options.h"

#include <algorithm>
#include <utility>

#include "common/base/utf8.h"

namespace weir::client {

std::vector<CommandOption> matchOptions() {
  return {
      {"-n,--allowNonRestoredState", "Drops all state of the savepoint that matches no operator"},
      {"--drop", "Drops the state of this uid, or one state of it", "UID[/STATE]", true},
      {"--map", "State of uid OLD goes to the operator with uid NEW", "OLD=NEW", true}};
}

void takeMatchOptions(const Given& given, RunOptions& options) {
  options.allow_non_restored = given.has("--allowNonRestoredState");
  options.drop = given.values("--drop");
  options.map = given.values("--map");
}

Result<runtime::RestoreRequest> restoreRequest(const RunOptions& options) {
  runtime::RestoreRequest restore;
  restore.path = savepointPath(options.savepoint);
  restore.allow_non_restored = options.allow_non_restored;
  restore.drop = options.drop;
  for (const std::string& pair : options.map) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size()) {
      return Error(ErrorCode::kInvalidArgument, "--map takes OLD=NEW, not '" + escaped(pair) + "'");
    }
    const std::string old = pair.substr(0, equals);
    if (!restore.renamed.emplace(old, pair.substr(equals + 1)).second) {
      return Error(ErrorCode::kInvalidArgument,
                   "--map gives the state of '" + escaped(old) + "' to two operators");
    }
    if (std::ranges::find(options.drop, old) != options.drop.end()) {
      return Error(ErrorCode::kInvalidArgument,
                   "the state of '" + escaped(old) + "' is to be mapped and to be dropped");
    }
  }
  return restore;
}

void printRestore(Console& console, const runtime::RestoreReport& report) {
  for (const auto& [title, lines] : {std::pair("Restored:", &report.matched),
                                     std::pair("Starts empty:", &report.empty),
                                     std::pair("Dropped:", &report.dropped)}) {
    if (!lines->empty()) {
      console.note(title);
      for (const std::string& line : *lines) {
        console.note("  " + escaped(line));
      }
    }
  }
}

}  // namespace weir::client
