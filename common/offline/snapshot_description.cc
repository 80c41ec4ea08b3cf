#include "common/offline/snapshot_description.h"

#include <map>
#include <set>
#include <utility>

#include "common/offline/state_choice.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/shared_files.h"
#include "common/snapshot/state_files.h"

namespace weir::offline {
namespace {

/// Where entries of one state are.
struct Spread {
  std::set<std::uint32_t> groups;
  std::set<std::uint32_t> subtasks;
};
using SpreadByName = std::map<std::pair<std::string, state::StateKind>, Spread>;

void addSection(const state::SectionReader& section, std::uint32_t subtask, SpreadByName& to) {
  for (std::size_t at = 0; at < section.states().size(); ++at) {
    const state::StateSummary& summary = section.states()[at];
    if (summary.entries == 0) {
      continue;
    }
    Spread& spread = to[{summary.name, summary.kind}];
    spread.subtasks.insert(subtask);
    for (const state::GroupSummary& group : section.groups(at)) {
      spread.groups.insert(group.group);
    }
  }
}

DescribedOperator describeOperator(snapshot::SectionOpener& opener,
                                   const runtime::CheckpointMetadata& metadata,
                                   const runtime::SavedOperator& one,
                                   std::vector<std::string>& unreadable) {
  SpreadByName spreads;
  for (const runtime::SubtaskState& subtask : one.subtasks) {
    if (subtask.handle.storage == runtime::SectionHandle::Storage::kNone) {
      continue;
    }
    const auto section = opener.open(snapshot::resolve(metadata, subtask.handle));
    if (section) {
      addSection(**section, subtask.subtask, spreads);
    } else {
      unreadable.push_back("operator '" + calledBy(one) + "', subtask " +
                           std::to_string(subtask.subtask + 1) + ": " + section.error().message());
    }
  }
  DescribedOperator described{.saved = &one, .bytes = one.bytes(), .states = {}};
  for (const runtime::SavedState& saved : one.states) {
    const Spread& spread = spreads[{saved.name, saved.kind}];
    described.states.push_back(
        {.saved = saved, .key_groups = spread.groups.size(), .subtasks = spread.subtasks.size()});
  }
  return described;
}

}  // namespace

Result<snapshot::Opened> openSnapshot(fs::FileSystem& files,
                                      const std::string& path,
                                      std::uint64_t most_metadata) {
  if (snapshot::isHeapSavepoint(path)) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + path +
                     "' lies in the memory of the job manager, and only savepoints in "
                     "files are looked into")
        .advise("'weir savepoint JOB DIR' writes one into files");
  }
  WEIR_TRY(std::string directory, snapshot::savepointDirectory(path));
  WEIR_TRY(auto metadata, snapshot::readMetadata(files, directory, path, most_metadata));
  return snapshot::Opened{std::move(directory), std::move(metadata)};
}

SnapshotDescription describe(fs::FileSystem& files, const snapshot::Opened& opened) {
  const runtime::CheckpointMetadata& metadata = opened.metadata;
  SnapshotDescription description;
  description.format = metadata.hasInFlight() ? runtime::CheckpointMetadata::kVersion
                                              : runtime::CheckpointMetadata::kWithoutInFlight;
  description.files = snapshot::dataFiles(metadata);
  // The manifest of a checkpoint names its directory.
  const bool moves = metadata.data_directory == opened.path &&
                     !snapshot::isCheckpointDirectory(metadata.data_directory);
  description.self_contained =
      (description.files.empty() || moves) && snapshot::sharedFiles(metadata).empty();
  description.users = snapshot::usersOf(files, opened.path);
  if (const auto label = snapshot::readLabel(files, opened.path)) {
    description.label = *label;
  } else {
    description.unreadable.push_back(label.error().message());
  }
  snapshot::SectionOpener opener(files);
  for (const runtime::SavedOperator& one : metadata.operators) {
    description.operators.push_back(
        describeOperator(opener, metadata, one, description.unreadable));
  }
  return description;
}

}  // namespace weir::offline
