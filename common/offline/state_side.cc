#include "common/offline/state_side.h"

#include "common/record/key_hash.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"

namespace weir::offline {
namespace {

std::uint64_t combinedHash(std::uint64_t first, std::uint64_t second) {
  const std::uint64_t words[] = {first, second};
  return record::xxh3(words, sizeof words);
}

}  // namespace

Result<OperatorSections> openSections(fs::FileSystem& files,
                                      const runtime::CheckpointMetadata& metadata,
                                      const runtime::SavedOperator& one) {
  OperatorSections sections;
  sections.parallelism = one.parallelism;
  sections.max_parallelism = one.max_parallelism;
  sections.windows = one.windows;
  snapshot::SectionOpener opener(files);
  for (const runtime::SubtaskState& subtask : one.subtasks) {
    if (subtask.handle.storage == runtime::SectionHandle::Storage::kNone) {
      continue;
    }
    WEIR_TRY(auto section,
             opener.open(snapshot::resolve(metadata, subtask.handle))
                 .during("subtask " + std::to_string(subtask.subtask + 1)));
    sections.parts.push_back({subtask.subtask, subtask.handle.checksum, std::move(section)});
  }
  return sections;
}

StateSide::StateSide(const OperatorSections& sections, const runtime::SavedState& state)
    : state_(state), windows_(sections.windows), key_hash_(state.key), value_hash_(state.value) {
  for (const OperatorSections::Part& part : sections.parts) {
    const int at = part.section->find(state.name, state.kind);
    if (at < 0) {
      continue;
    }
    const auto index = static_cast<std::size_t>(at);
    parts_.push_back({part.section.get(), index, part.subtask});
    const bool has_digest = part.section->hasDigests();
    if (state::isKeyed(state.kind)) {
      for (const state::GroupSummary& one : part.section->groups(index)) {
        groups_[one.group] = {one.entries, one.bytes, one.digest, has_digest, part.checksum};
      }
      continue;
    }
    const state::StateSummary& summary = part.section->states()[index];
    if (summary.entries > 0) {
      Group& all = groups_[0];
      all.has_digest = has_digest && (all.entries == 0 || all.has_digest);
      all.section = all.entries == 0 ? part.checksum : combinedHash(all.section, part.checksum);
      all.entries += summary.entries;
      all.bytes += summary.bytes;
      // Which subtask holds what matters for Checkpointed alone.
      all.digest += state.kind == state::StateKind::kOperator
                        ? combinedHash(part.subtask, summary.digest)
                        : summary.digest;
    }
  }
}

Status StateSide::readElements(const Part& part, const Each& each) const {
  const std::string key = std::to_string(part.subtask + 1);
  return part.section->readElements(part.at, [&](std::string_view element) {
    const std::uint64_t hash = state_.kind == state::StateKind::kOperator
                                   ? combinedHash(part.subtask, 0)
                                   : value_hash_.of(element);
    return each({hash, key, {}, element});
  });
}

Status StateSide::read(KeyGroupRange range, const Each& each) const {
  for (const Part& part : parts_) {
    if (!state::isKeyed(state_.kind)) {
      WEIR_RETURN_IF_ERROR(readElements(part, each));
      continue;
    }
    WEIR_RETURN_IF_ERROR(part.section->readKeyed(
        part.at, range, [&](const state::SectionReader::Entry& entry) -> Status {
          std::uint64_t hash = key_hash_.of(entry.key);
          if (!entry.name_space.empty()) {
            hash =
                combinedHash(hash, record::xxh3(entry.name_space.data(), entry.name_space.size()));
          }
          return each({hash, entry.key, entry.name_space, entry.value});
        }));
  }
  return ok();
}

bool surelyEqual(const StateSide::Group& one, const StateSide::Group& other) {
  if (one.entries != other.entries) {
    return false;
  }
  return (one.has_digest && other.has_digest && one.digest == other.digest) ||
         (one.section == other.section && one.bytes == other.bytes && one.section != 0);
}

}  // namespace weir::offline
