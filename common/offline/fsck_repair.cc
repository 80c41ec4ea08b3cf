#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/offline/export.h"
#include "common/offline/fsck.h"
#include "common/offline/fsck_directory.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/mark_holder.h"
#include "common/snapshot/program_files.h"
#include "common/snapshot/state_files.h"

namespace weir::offline {
namespace {

using Kind = Finding::Kind;

Error stays(const std::string& why) { return Error(ErrorCode::kFailedPrecondition, why); }

/// The directory, unless something is in it that nobody knows.
Status removeEmptied(fs::FileSystem& files, const std::string& directory) {
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, directory));
  return gone ? ok() : Status(stays("there is more in it than a snapshot's files"));
}

/// The first mark in a directory that claims it.
std::optional<snapshot::InUse> claimOn(const DirectoryFacts& facts, const FsckSettings& settings) {
  for (const snapshot::InUse& mark : facts.marks) {
    if (claims(mark, settings)) {
      return mark;
    }
  }
  return std::nullopt;
}

Status removeStateFiles(fs::FileSystem& files,
                        const std::string& directory,
                        const FsckSettings& settings) {
  const DirectoryFacts facts = factsOf(files, directory, 0);
  if (claimOn(facts, settings)) {
    return stays("a job has claimed it since");
  }
  for (const fs::FileInfo& entry : facts.state_files) {
    WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(directory, entry.name)));
    crashPoint("fsck.state");
  }
  WEIR_RETURN_IF_ERROR(removeUnfinishedProgram(files, directory));
  WEIR_RETURN_IF_ERROR(snapshot::removeLabel(files, directory));
  return removeEmptied(files, directory);
}

Status removeProgramFiles(fs::FileSystem& files, const std::string& directory) {
  const std::string below = fs::join(directory, snapshot::kProgram);
  if (const auto info = files.stat(below); !info || info->link || !info->directory) {
    return ok();
  }
  WEIR_TRY(const auto keys, snapshot::programFiles(files, directory));
  for (const runtime::BlobKey& key : keys) {
    WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(below, key.sha256)));
  }
  crashPoint("fsck.program");
  WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(below, snapshot::kProgramDescription)));
  return removeEmptied(files, below);
}

/// Whether the state of a disposed savepoint that lies elsewhere is left to nobody else: it is in
/// the directory of its own checkpoint, its job lives no more, and it is no copy's.
Status mayGoWithIt(fs::FileSystem& files,
                   const std::string& directory,
                   const runtime::CheckpointMetadata& metadata,
                   const FsckSettings& settings) {
  const std::string& data = metadata.data_directory;
  if (!metadata.savepoint || metadata.exported ||
      !snapshot::isCheckpointDirectory(data, metadata.job, metadata.checkpoint)) {
    return stays("its metadata names '" + data + "', which is not its own checkpoint's directory");
  }
  if (metadata.location != directory) {
    return stays("it was copied or moved here from '" + metadata.location + "'");
  }
  const auto above = files.stat(fs::parentOf(data));
  if (above && above->link) {
    return stays("'" + fs::parentOf(data) + "' is a symbolic link");
  }
  for (const std::string& place : {data, fs::parentOf(data)}) {
    if (const auto claim = claimOn(factsOf(files, place, 0), settings)) {
      return stays("job " + claim->job.hex() + " needs its state");
    }
  }
  return ok();
}

/// Ends a disposal as the job manager would have: the state, then what lies beside the metadata,
/// then the metadata, so that it can be cut short again.
Status endDisposal(fs::FileSystem& files,
                   const std::string& directory,
                   const FsckSettings& settings) {
  WEIR_TRY(const auto own, files.stat(directory));
  WEIR_TRY(const auto metadata,
           snapshot::readDisposed(files, directory, directory, settings.most_metadata));
  WEIR_TRY(const bool discarded, snapshot::areHandlesDiscarded(files, directory));
  for (const runtime::SavedOperator& one : metadata.operators) {
    if (one.custom_handles && !discarded) {
      return stays("state handles of operator '" + one.name +
                   "' may not be discarded yet, which `weir savepoint -d` does");
    }
  }
  const std::string& data = metadata.data_directory;
  const auto there = files.stat(data);
  const bool elsewhere = there && there->identity != own.identity;
  if (own.link || (there && (there->link || !there->directory))) {
    return stays("it is, or leads to, a symbolic link");
  }
  if (elsewhere) {
    WEIR_RETURN_IF_ERROR(mayGoWithIt(files, directory, metadata, settings));
  }
  for (const std::string& name : snapshot::dataFiles(metadata)) {
    WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(elsewhere ? data : directory, name)));
    crashPoint("fsck.data");
  }
  if (elsewhere) {
    WEIR_RETURN_IF_ERROR(snapshot::removeLabel(files, data));
    WEIR_RETURN_IF_ERROR(snapshot::removeMetadata(files, data));
    WEIR_RETURN_IF_ERROR(fs::removeEmptyDirectory(files, data));
    crashPoint("fsck.checkpoint");
  }
  WEIR_RETURN_IF_ERROR(removeProgramFiles(files, directory));
  WEIR_RETURN_IF_ERROR(snapshot::removeLabel(files, directory));
  WEIR_RETURN_IF_ERROR(snapshot::removeMetadata(files, directory));
  crashPoint("fsck.metadata");
  return removeEmptied(files, directory);
}

Status removeOrphan(fs::FileSystem& files, const Finding& finding, const FsckSettings& settings) {
  const auto info = files.stat(finding.path);
  if (!info) {
    return info.error().code() == ErrorCode::kNotFound ? ok() : Status(info.error());
  }
  if (info->directory) {
    if (info->link || files.stat(fs::join(finding.path, snapshot::kMetadata))) {
      return stays("it has metadata since");
    }
    return removeStateFiles(files, finding.path, settings);
  }
  return files.removeFile(finding.path);
}

/// The mark, and the directory of the job when nothing else is in it.
Status removeStaleMark(fs::FileSystem& files,
                       const std::string& path,
                       const FsckSettings& settings) {
  const std::string directory = fs::parentOf(path);
  const auto job = snapshot::markedJob(fs::nameOf(path));
  const DirectoryFacts facts = factsOf(files, directory, 0);
  for (const snapshot::InUse& mark : facts.marks) {
    if (job && mark.job == *job && claims(mark, settings)) {
      return stays("another process holds it since");
    }
  }
  WEIR_RETURN_IF_ERROR(fs::removeDurably(files, path));
  crashPoint("fsck.mark");
  if (JobId::parse(fs::nameOf(directory))) {
    WEIR_RETURN_IF_ERROR(fs::removeEmptyDirectory(files, directory));
  }
  return ok();
}

Status removeFinding(fs::FileSystem& files, const Finding& finding, const FsckSettings& settings) {
  switch (finding.kind) {
    case Kind::kOrphan:
      return removeOrphan(files, finding, settings);
    case Kind::kUnended:
      return removeUnfinishedExport(files, finding.path);
    case Kind::kTombstone:
      return endDisposal(files, finding.path, settings);
    case Kind::kStaleMark:
      return removeStaleMark(files, finding.path, settings);
    case Kind::kMissing:
    case Kind::kDamaged:
      break;
  }
  return stays("there is nothing to mend it from: restore from another one, and dispose it");
}

std::string shortDuration(std::int64_t millis) {
  constexpr std::int64_t kMinute = 60 * 1000;
  return millis % kMinute == 0 ? std::to_string(millis / kMinute) + " min"
                               : std::to_string(millis) + " ms";
}

/// Why it is not even tried; empty: it is.
std::string whyLeft(const Finding& finding, bool all_readable, const FsckSettings& settings) {
  if (finding.isLoss()) {
    return "there is nothing to mend it from: use another one, and dispose this";
  }
  if (!finding.claimed_by.empty()) {
    const Claim& claim = finding.claimed_by.front();
    return "job " + claim.job.hex() + " claims it (in-use-..., held by " +
           snapshot::describeHolder(claim.holder) + ")";
  }
  if (finding.age_millis < settings.guard_millis) {
    return "it is younger than " + shortDuration(settings.guard_millis);
  }
  if (!all_readable && finding.kind == Kind::kOrphan) {
    return "some metadata cannot be read, which may need it";
  }
  return {};
}

}  // namespace

void repair(fs::FileSystem& files, FsckReport& report, const FsckSettings& settings) {
  for (Finding& finding : report.findings) {
    finding.kept = whyLeft(finding, report.all_readable, settings);
    if (!finding.kept.empty()) {
      continue;
    }
    const Status removed = removeFinding(files, finding, settings);
    finding.removed = removed.has_value();
    finding.kept = removed ? std::string() : removed.error().message();
    crashPoint("fsck.finding");
  }
}

}  // namespace weir::offline
