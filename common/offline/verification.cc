#include "common/offline/verification.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "common/fs/uri.h"
#include "common/offline/file_coverage.h"
#include "common/offline/key_encoding.h"
#include "common/offline/snapshot_description.h"
#include "common/offline/state_choice.h"
#include "common/record/checksum.h"
#include "common/record/key_codec.h"
#include "common/schema/state_kinds.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"
#include "common/state/entry_digest.h"
#include "common/state/group_check.h"

namespace weir::offline {
namespace {

using Storage = runtime::SectionHandle::Storage;
constexpr std::uint64_t kPieceBytes = 1 << 20;

/// Entries by name and kind of state.
using EntryCounts = std::map<std::pair<std::string, state::StateKind>, std::uint64_t>;

/// A section and what was found out of it.
struct Part {
  const runtime::SavedOperator* op = nullptr;
  std::uint32_t subtask = 0;
  runtime::SectionHandle handle;  // Its location is absolute.
  std::vector<std::string> damages;
  EntryCounts entries;
};

/// Reads one section after another. One thread; `done` counts for all.
class SectionVerifier {
 public:
  SectionVerifier(fs::FileSystem& files, std::function<bool(std::uint64_t)> done)
      : files_(files), opener_(files), done_(std::move(done)) {}

  /// False when it is to end.
  bool verify(Part& part) {
    bool goes_on = true;
    const auto intact = isAsWritten(part.handle, goes_on);
    if (!goes_on) {
      return false;
    }
    if (!intact) {
      part.damages.push_back(intact.error().message());
      return true;
    }
    auto section = opener_.open(part.handle);
    for (const runtime::SharedFile& file : part.handle.shared) {
      goes_on = done_(file.size) && goes_on;  // It was read for that.
    }
    if (!section) {
      part.damages.push_back(section.error().message());
      return goes_on;
    }
    if (!*intact) {
      for (const Error& error : (*section)->damagedBlocks()) {
        part.damages.push_back(error.message());
      }
      if (part.damages.empty()) {
        part.damages.emplace_back(
            "it holds other state than was written there: its checksum differs");
      }
      return true;
    }
    verifyStates(**section, part);
    return true;
  }

 private:
  /// Whether the section's bytes are those that the metadata's checksum was taken of.
  Result<bool> isAsWritten(const runtime::SectionHandle& handle, bool& goes_on) {
    if (handle.storage == Storage::kInline) {
      goes_on = done_(handle.bytes.size());
      return record::xxh3(handle.bytes.data(), handle.bytes.size()) == handle.checksum &&
             handle.size == handle.bytes.size();
    }
    WEIR_TRY(const auto file, files_.openNoLink(handle.location));
    if (handle.offset > file->size() || file->size() - handle.offset < handle.size) {
      return Error(ErrorCode::kCorruption,
                   "it has " + std::to_string(file->size()) + " bytes, and " +
                       std::to_string(handle.size) + " were written at offset " +
                       std::to_string(handle.offset));
    }
    record::Checksum sum;
    for (std::uint64_t at = 0; at < handle.size && goes_on;) {
      const std::uint64_t count = std::min(kPieceBytes, handle.size - at);
      WEIR_TRY(const std::string bytes, file->read(handle.offset + at, count));
      sum.add(bytes);
      at += count;
      goes_on = done_(count);
    }
    return sum.value() == handle.checksum;
  }

  void verifyStates(const state::SectionReader& section, Part& part) {
    for (std::size_t at = 0; at < section.states().size(); ++at) {
      const state::StateSummary& summary = section.states()[at];
      const auto saved =
          std::ranges::find_if(part.op->states, [&](const runtime::SavedState& state) {
            return state.name == summary.name && state.kind == summary.kind;
          });
      if (saved == part.op->states.end()) {
        part.damages.push_back("it holds a state '" + summary.name +
                               "' that the metadata does not know");
        continue;
      }
      part.entries[{summary.name, summary.kind}] += summary.entries;
      const Status walked = isKeyed(summary.kind)
                                ? verifyKeyed(section, at, part)
                                : section.readElements(at, [](std::string_view) { return ok(); });
      if (!walked) {
        part.damages.push_back("state '" + summary.name + "': " + walked.error().message());
      }
    }
  }

  Status verifyKeyed(const state::SectionReader& section, std::size_t at, const Part& part) {
    const runtime::SavedOperator& op = *part.op;
    const KeyGroupRange own = keyGroupRangeOf(part.subtask, op.parallelism, op.max_parallelism);
    for (const state::GroupSummary& group : section.groups(at)) {
      if (!own.contains(group.group)) {
        return Error(ErrorCode::kCorruption,
                     "key group " + std::to_string(group.group) + " is not its subtask's");
      }
    }
    const record::Schema& schema = section.states()[at].key_schema;
    const state::EntryDigest digest(schema, section.states()[at].value_schema);
    state::GroupCheck check(section, at, own);
    const auto verify_entry = [&](const state::SectionReader::Entry& entry) -> Status {
      WEIR_TRY(const std::string canonical, canonicalKey(entry.key, schema));
      if (groupOfKey(canonical, op.max_parallelism) != entry.key_group) {
        return Error(
            ErrorCode::kCorruption,
            "a key of key group " + std::to_string(entry.key_group) + " belongs to another one");
      }
      return check.add(entry.key_group, digest.of(entry.key, entry.name_space, entry.value));
    };
    WEIR_RETURN_IF_ERROR(section.readKeyed(at, own, verify_entry));
    return check.finish();
  }

  fs::FileSystem& files_;
  snapshot::SectionOpener opener_;
  std::function<bool(std::uint64_t)> done_;
};

std::vector<Part> partsOf(const runtime::CheckpointMetadata& metadata) {
  std::vector<Part> parts;
  for (const runtime::SavedOperator& op : metadata.operators) {
    for (const runtime::SubtaskState& subtask : op.subtasks) {
      if (subtask.handle.storage != Storage::kNone) {
        parts.push_back({.op = &op,
                         .subtask = subtask.subtask,
                         .handle = snapshot::resolve(metadata, subtask.handle),
                         .damages = {},
                         .entries = {}});
      }
    }
  }
  return parts;
}

/// False when it was ended.
bool verifyParts(fs::FileSystem& files,
                 std::vector<Part>& parts,
                 std::uint64_t total,
                 const VerificationSettings& settings) {
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> ended = false;
  std::mutex mutex;  // Of `read` and the progress.
  std::uint64_t read = 0;
  const auto done = [&](std::uint64_t bytes) {
    const std::lock_guard lock(mutex);
    read += bytes;
    if (settings.progress && !ended && !settings.progress(read, total)) {
      ended = true;
    }
    return !ended;
  };
  const auto work = [&] {
    SectionVerifier verifier(files, done);
    for (std::size_t at = next++; at < parts.size() && verifier.verify(parts[at]); at = next++) {
    }
  };
  std::vector<std::jthread> threads;
  for (unsigned i = 1; i < std::min<std::size_t>(settings.threads, parts.size()); ++i) {
    threads.emplace_back(work);
  }
  work();
  threads.clear();  // Joins them.
  return !ended;
}

/// States whose sections hold another number of entries than the metadata says.
void compareCounts(const std::string& metadata_file,
                   const runtime::CheckpointMetadata& metadata,
                   const std::vector<Part>& parts,
                   std::vector<Damage>& to) {
  for (const runtime::SavedOperator& op : metadata.operators) {
    EntryCounts counts;
    bool whole = true;
    for (const Part& part : parts) {
      if (part.op == &op) {
        whole = whole && part.damages.empty() && part.handle.shared.empty();  // Else about.
        for (const auto& [state, entries] : part.entries) {
          counts[state] += entries;
        }
      }
    }
    for (const runtime::SavedState& saved : op.states) {
      const std::uint64_t entries = counts[{saved.name, saved.kind}];
      if (whole && entries != saved.entries) {
        to.push_back({metadata_file,
                      calledBy(op),
                      "it says that state '" + saved.name + "' has " +
                          std::to_string(saved.entries) + " entries, and there are " +
                          std::to_string(entries)});
      }
    }
  }
}

}  // namespace

Result<Verification> verify(fs::FileSystem& files,
                            const std::string& path,
                            const VerificationSettings& settings) {
  Verification verification;
  const auto opened = openSnapshot(files, path, settings.most_metadata);
  if (!opened) {
    const ErrorCode code = opened.error().code();
    if (code != ErrorCode::kCorruption) {
      return opened.error();
    }
    WEIR_TRY(const std::string directory, snapshot::savepointDirectory(path));
    verification.damages.push_back(
        {fs::join(directory, snapshot::kMetadata), "", opened.error().message()});
    return verification;
  }
  const runtime::CheckpointMetadata& metadata = opened->metadata;
  const std::string metadata_file = fs::join(opened->path, snapshot::kMetadata);
  std::vector<Part> parts = partsOf(metadata);
  verification.sections = parts.size();
  verification.bytes = metadata.bytes();
  verification.files = 1 + snapshot::dataFiles(metadata).size();
  if (!verifyParts(files, parts, verification.bytes, settings)) {
    return Error(ErrorCode::kCancelled, "interrupted");
  }
  for (const Part& part : parts) {
    for (const std::string& what : part.damages) {
      const bool in_file = part.handle.storage == Storage::kFile;
      verification.damages.push_back(
          {in_file ? part.handle.location : metadata_file,
           calledBy(*part.op) + ", subtask " + std::to_string(part.subtask + 1),
           what});
    }
  }
  compareCounts(metadata_file, metadata, parts, verification.damages);
  for (std::vector<Damage>& more : std::vector{verifyCoverage(files, metadata),
                                               verifyProgram(files, opened->path),
                                               verifyLabel(files, opened->path)}) {
    std::ranges::move(more, std::back_inserter(verification.damages));
  }
  return verification;
}

}  // namespace weir::offline
