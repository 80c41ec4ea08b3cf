#include <algorithm>
#include <chrono>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/utf8.h"
#include "common/client/command_table.h"
#include "common/client/json_text.h"
#include "common/config/options.h"
#include "common/config/value.h"
#include "common/offline/fsck.h"
#include "common/offline/storage_clock.h"
#include "common/remote/remote_file_systems.h"
#include "common/snapshot/mark_holder.h"

namespace weir::client {
namespace {

using offline::Finding;
using offline::FsckReport;

std::string_view nameOfKind(Finding::Kind kind) {
  switch (kind) {
    case Finding::Kind::kMissing:
      return "missing";
    case Finding::Kind::kDamaged:
      return "damaged";
    case Finding::Kind::kOrphan:
      return "orphan";
    case Finding::Kind::kUnended:
      return "unended export";
    case Finding::Kind::kTombstone:
      return "unended disposal";
    case Finding::Kind::kStaleMark:
      return "stale mark";
  }
  return "";
}

std::vector<std::string> configuredDirectories(const Invocation& invocation) {
  std::set<std::string> directories;
  for (const std::string& one : {invocation.configuration.get(config::kSavepointDirectory),
                                 invocation.configuration.get(config::kCheckpointDirectory)}) {
    if (!one.empty()) {
      directories.insert(one);
    }
  }
  return {directories.begin(), directories.end()};
}

void printFinding(Console& console, const Finding& finding) {
  console.result(fmt::format("{} : {}", nameOfKind(finding.kind), escaped(finding.path)));
  std::string more = fmt::format("{}; {}, {} old",
                                 escaped(finding.what),
                                 humanBytes(finding.size),
                                 humanDuration(finding.age_millis));
  for (const offline::Claim& claim : finding.claimed_by) {
    more += fmt::format(", claimed by job {} ({}, for {})",
                        claim.job.hex(),
                        escaped(snapshot::describeHolder(claim.holder)),
                        humanDuration(claim.age_millis));
  }
  more += finding.removed ? "; removed" : "";
  more += finding.kept.empty() ? "" : "; stays: " + escaped(finding.kept);
  console.result(withMargin(wrapped(more, 76), 4));
}

std::string fsckDocument(const std::vector<std::string>& directories, const FsckReport& report) {
  nlohmann::json findings = nlohmann::json::array();
  for (const Finding& finding : report.findings) {
    nlohmann::json claimed = nlohmann::json::array();
    for (const offline::Claim& claim : finding.claimed_by) {
      claimed.push_back(
          {{"job", claim.job.hex()}, {"holder", claim.holder}, {"age", claim.age_millis}});
    }
    findings.push_back({{"kind", nameOfKind(finding.kind)},
                        {"path", finding.path},
                        {"what", finding.what},
                        {"size", finding.size},
                        {"age", finding.age_millis},
                        {"claimed-by", claimed},
                        {"removed", finding.removed},
                        {"kept", finding.kept}});
  }
  return jsonText({{"directories", directories},
                   {"snapshots", report.snapshots},
                   {"state-missing", report.losesState()},
                   {"findings", findings}});
}

/// `ours`, or what time it is where the directories lie, if that is earlier: nothing that is young
/// there may look old here.
Result<std::int64_t> noLaterThanThere(fs::FileSystem& files,
                                      const std::vector<std::string>& directories,
                                      std::int64_t ours) {
  for (const std::string& directory : directories) {
    if (files.stat(directory)) {
      WEIR_TRY(const std::int64_t there, offline::storageMillis(files, directory));
      ours = std::min(ours, there);
    }
  }
  return ours;
}

Result<std::int64_t> guardMillis(const std::string& text) {
  const auto guard = config::parseDuration(text);
  if (!guard || *guard < Duration::zero()) {
    return Error(ErrorCode::kInvalidArgument,
                 "--older-than takes a duration such as '10 min', not '" + escaped(text) + "'");
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(*guard).count();
}

Status takeGuard(const Given& given, offline::FsckSettings& settings) {
  if (!given.has("--older-than")) {
    return ok();
  }
  if (!given.has("--repair")) {
    return Error(ErrorCode::kInvalidArgument, "--older-than needs --repair");
  }
  WEIR_TRY(settings.guard_millis, guardMillis(given.value("--older-than")));
  return ok();
}

int fsckGiven(const Invocation& invocation, const Given& given) {
  Console& console = invocation.console;
  const std::vector<std::string> configured = configuredDirectories(invocation);
  const std::vector<std::string> directories =
      given.words.empty() ? configured : std::vector<std::string>{savepointPath(given.words[0])};
  if (directories.empty()) {
    return console.failure(
        "fsck",
        Error(ErrorCode::kInvalidArgument, "no directory is configured, and none was named")
            .advise("name one: 'weir fsck DIR'"));
  }
  fs::FileSystems files = remote::fileSystems(invocation.configuration);
  offline::FsckSettings settings;
  if (const Status taken = takeGuard(given, settings); !taken) {
    return wrongUse(console, "fsck", taken.error().message());
  }
  settings.now_millis = toEpochMillis(std::chrono::system_clock::now());
  if (given.has("--repair")) {
    auto earliest = noLaterThanThere(files, directories, settings.now_millis);
    if (!earliest) {
      return console.failure("fsck", earliest.error());
    }
    settings.now_millis = *earliest;
  }
  settings.most_metadata = mostMetadata(invocation);
  settings.needed_by = configured;
  settings.is_gone = snapshot::isHolderGone;
  auto report = offline::fsck(files, directories, settings);
  if (!report) {
    return console.failure("fsck", report.error());
  }
  if (given.has("--repair")) {
    offline::repair(files, *report, settings);
  }
  for (const Finding& finding : report->findings) {
    printFinding(console, finding);
  }
  const std::string document = fsckDocument(directories, *report);
  const std::string summary = fmt::format("{} snapshot{} read, {} thing{} found",
                                          report->snapshots,
                                          report->snapshots == 1 ? "" : "s",
                                          report->findings.size(),
                                          report->findings.size() == 1 ? "" : "s");
  if (report->losesState()) {
    return console.failure("fsck",
                           Error(ErrorCode::kCorruption, summary + ", and state is missing")
                               .advise("restore from another savepoint; 'weir savepoint -d', "
                                       "perhaps with --force, disposes one whose metadata can be "
                                       "read, and others are to be removed by hand"),
                           document);
  }
  console.result(summary + ".");
  console.document(document);
  return kDone;
}

}  // namespace

Command fsckCommand() {
  return {.name = "fsck",
          .meaning = "Looks for lost and leftover state of snapshots",
          .usage = {"[OPTIONS] [DIR] [--repair [--older-than DURATION]]"},
          .help =
              "Without DIR the configured directories of savepoints and checkpoints. Lists\n"
              "files that nothing points to, what points to nothing, and exports and\n"
              "disposals that were cut short. Exit status 1 when state is missing.\n"
              "--repair removes what is left over, is older than an hour (--older-than) and\n"
              "claimed by no job's mark (in-use-<job id>), and ends disposals. A mark goes\n"
              "when the process that wrote it is known to be gone: it ran on this machine.\n"
              "With --repair ages are told by the clock of the storage, if ours is ahead.\n"
              "Examples:\n"
              "  weir fsck\n"
              "  weir fsck /savepoints --repair\n"
              "  weir fsck --repair --older-than '10 min'",
          .options = {{"--repair", "Removes what is left over, and ends disposals"},
                      {"--older-than",
                       "With --repair: what is younger stays, as it may be about to be named (1 h)",
                       "DURATION"}},
          .most_words = 1,
          .asks_job_manager = false,
          .run = fsckGiven};
}

}  // namespace weir::client
