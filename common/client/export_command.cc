#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/random.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/offline/export.h"
#include "common/remote/remote_file_systems.h"

namespace weir::client {
namespace {

int exportGiven(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::string what = "savepoint export " + given.word(0);
  offline::ExportSettings settings;
  settings.most_metadata = mostMetadata(invocation);
  settings.progress = [&console](std::uint64_t copied, std::uint64_t total) {
    console.progress(
        fmt::format("Exporting: {} of {} copied", humanBytes(copied), humanBytes(total)));
    return !interrupted.load();
  };
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  SystemRandom random;
  const auto exported = offline::exportSnapshot(
      files, random, savepointPath(given.word(0)), savepointPath(given.word(1)), settings);
  if (!exported) {
    return console.failure(what, exported.error());
  }
  for (const std::string& warning : exported->warnings) {
    console.note("warning: " + escaped(warning));
  }
  console.result(fmt::format("Savepoint exported. Path: {}", escaped(exported->path)));
  console.note(
      fmt::format("It has all of its state in it ({} in {} file{}): copy and move it freely.",
                  humanBytes(exported->bytes),
                  exported->files,
                  exported->files == 1 ? "" : "s"));
  console.document(jsonText({{"path", exported->path},
                             {"from", given.word(0)},
                             {"files", exported->files},
                             {"size", exported->bytes},
                             {"warnings", exported->warnings}}));
  return kDone;
}

}  // namespace

Command exportCommand() {
  return {.name = "savepoint export",
          .meaning = "Copies a savepoint with all of its state into DIR",
          .usage = {"[OPTIONS] PATH DIR"},
          .help =
              "DIR, which is empty or not there yet, becomes a savepoint that needs nothing\n"
              "outside of it: it may be copied and moved anywhere, restored and disposed.\n"
              "All is checked while it is copied. PATH may be a completed checkpoint, too.\n"
              "Example:\n"
              "  weir savepoint export file:/savepoints/savepoint-0123456789ab /backup/monday",
          .needs = {"the PATH to export", "the DIR to export to"},
          .most_words = 2,
          .asks_job_manager = false,
          .run = exportGiven};
}

}  // namespace weir::client
