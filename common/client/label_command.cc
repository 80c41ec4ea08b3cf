#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/offline/snapshot_description.h"
#include "common/remote/remote_file_systems.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"

namespace weir::client {
namespace {

int labelGiven(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::string what = "savepoint label " + given.word(0);
  const bool remove = given.has("--remove");
  if (remove == (given.words.size() == 2)) {
    return wrongUse(console,
                    "savepoint label",
                    remove ? "--remove takes no TEXT" : "the TEXT of the label was not given");
  }
  if (snapshot::isHeapSavepoint(given.word(0))) {
    return console.failure(
        what,
        Error(ErrorCode::kInvalidArgument,
              "it lies in the memory of the job manager, and a label is a file beside a savepoint")
            .advise("'weir savepoint JOB DIR' writes one into files"));
  }
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  const auto opened =
      offline::openSnapshot(files, savepointPath(given.word(0)), mostMetadata(invocation));
  if (!opened) {
    return console.failure(what, opened.error());
  }
  const std::string text = given.word(1);
  const Status done = remove ? snapshot::removeLabel(files, opened->path)
                             : snapshot::writeLabel(files, opened->path, text);
  if (!done) {
    return console.failure(what, done.error());
  }
  console.result(
      remove
          ? fmt::format("Savepoint '{}' has no label now.", escaped(given.word(0)))
          : fmt::format("Savepoint '{}' is labelled '{}'.", escaped(given.word(0)), escaped(text)));
  console.document(jsonText({{"path", opened->path}, {"label", text}}));
  return kDone;
}

}  // namespace

Command labelCommand() {
  return {.name = "savepoint label",
          .meaning = "Writes a line for people beside a savepoint",
          .usage = {"[OPTIONS] PATH TEXT", "[OPTIONS] --remove PATH"},
          .help =
              "'savepoint list' and 'inspect' show it; it goes with the savepoint.\n"
              "Example:\n"
              "  weir savepoint label /savepoints/savepoint-0123456789ab 'before the move'",
          .options = {{"--remove", "Removes the label"}},
          .needs = {"the PATH to label"},
          .most_words = 2,
          .asks_job_manager = false,
          .run = labelGiven};
}

}  // namespace weir::client
