#include <algorithm>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/offline/verification.h"
#include "common/remote/remote_file_systems.h"

namespace weir::client {
namespace {

constexpr unsigned kMostThreads = 4;  // More wait for one disk.

std::string countOf(std::uint64_t count, const std::string& one, const std::string& more) {
  return fmt::format("{} {}", count, count == 1 ? one : more);
}

std::string verificationDocument(const std::string& path, const offline::Verification& found) {
  nlohmann::json damages = nlohmann::json::array();
  for (const offline::Damage& damage : found.damages) {
    damages.push_back(
        {{"file", damage.file}, {"operator", damage.operator_name}, {"what", damage.what}});
  }
  return jsonText({{"path", path},
                   {"intact", found.damages.empty()},
                   {"files", found.files},
                   {"sections", found.sections},
                   {"size", found.bytes},
                   {"damages", damages}});
}

/// A line: file, whose state, and what; without naming the file twice.
std::string damageLine(const offline::Damage& damage) {
  std::string line = damage.file + ": ";
  line += damage.operator_name.empty() ? "" : "operator " + damage.operator_name + ": ";
  std::string what = damage.what;
  for (const std::string& prefix : {"read " + damage.file + ": ", damage.file + ": "}) {
    if (what.starts_with(prefix)) {
      what.erase(0, prefix.size());
    }
  }
  return line + what;
}

int verifyGiven(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::string what = "savepoint verify " + given.word(0);
  offline::VerificationSettings settings;
  settings.most_metadata = mostMetadata(invocation);
  settings.threads = std::clamp(std::thread::hardware_concurrency(), 1U, kMostThreads);
  settings.progress = [&console](std::uint64_t read, std::uint64_t total) {
    console.progress(fmt::format("Verifying: {} of {} read", humanBytes(read), humanBytes(total)));
    return !interrupted.load();
  };
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  const auto found = offline::verify(files, savepointPath(given.word(0)), settings);
  if (!found) {
    return console.failure(what, found.error());
  }
  const std::string document = verificationDocument(given.word(0), *found);
  if (found->damages.empty()) {
    console.result(fmt::format("Savepoint '{}' is intact: {} in {}.",
                               escaped(given.word(0)),
                               humanBytes(found->bytes),
                               countOf(found->files, "file", "files")));
    console.document(document);
    return kDone;
  }
  std::string list;
  for (const offline::Damage& damage : found->damages) {
    list += "\n" + escaped(damageLine(damage));
  }
  return console.failure(
      what,
      Error(ErrorCode::kCorruption,
            countOf(found->damages.size(), "thing is", "things are") + " not as written" + list)
          .advise("restore another one"),
      document);
}

}  // namespace

Command verifyCommand() {
  return {.name = "savepoint verify",
          .meaning = "Reads every byte of a savepoint and lists all damage",
          .usage = {"[OPTIONS] PATH"},
          .help =
              "Metadata, every block of every file that it refers to, and the program stored\n"
              "with it. Exit status 1 when anything is not as it was written.\n"
              "Example:\n"
              "  weir savepoint verify file:/savepoints/savepoint-0123456789ab",
          .needs = {"the PATH to verify"},
          .most_words = 1,
          .asks_job_manager = false,
          .run = verifyGiven};
}

}  // namespace weir::client
