#include "common/offline/export.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "common/base/crash_point.h"
#include "common/fs/digest.h"
#include "common/fs/local_rename.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/offline/snapshot_description.h"
#include "common/offline/state_choice.h"
#include "common/record/checksum.h"
#include "common/record/key_codec.h"
#include "common/snapshot/label_file.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/program_files.h"
#include "common/snapshot/section_opener.h"
#include "common/snapshot/state_files.h"
#include "common/state/section.h"

namespace weir::offline {
namespace {

using Storage = runtime::SectionHandle::Storage;
constexpr std::uint64_t kCopyBytes = 1 << 20;

/// A section that is checked while its file goes by.
struct Range {
  const runtime::SavedOperator* op = nullptr;
  std::uint32_t subtask = 0;
  const runtime::SectionHandle* handle = nullptr;
};

std::string whoseState(const Range& range) {
  return "operator '" + calledBy(*range.op) + "', subtask " + std::to_string(range.subtask + 1);
}

/// Checks sections of one file while its bytes go by from the first to the last.
class RangeChecks {
 public:
  explicit RangeChecks(const std::vector<Range>& ranges) : ranges_(ranges), sums_(ranges.size()) {}

  void take(std::uint64_t at, std::string_view bytes) {
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      const runtime::SectionHandle& handle = *ranges_[i].handle;
      const std::uint64_t from = std::max(at, handle.offset);
      const std::uint64_t to = std::min(at + bytes.size(), handle.offset + handle.size);
      if (from < to) {
        sums_[i].add(bytes.substr(from - at, to - from));
      }
    }
  }

  Status end(const std::string& file) const {
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      if (sums_[i].value() != ranges_[i].handle->checksum) {
        return Error(ErrorCode::kCorruption,
                     file + ": " + whoseState(ranges_[i]) + ": it is not as it was written")
            .advise("'weir savepoint verify' lists all damage");
      }
    }
    return ok();
  }

 private:
  const std::vector<Range>& ranges_;
  std::vector<record::Checksum> sums_;
};

/// A new file that a section goes into.
struct FileSink final : state::ByteSink {
  Status append(std::string_view bytes) override { return file->append(bytes); }
  std::unique_ptr<fs::FileWriter> file;
};

/// One export on its way. Blocks.
class Copy {
 public:
  Copy(fs::FileSystem& files,
       const snapshot::Opened& from,
       std::string to,
       const ExportSettings& settings)
      : files_(files),
        from_(from),
        to_(std::move(to)),
        settings_(settings),
        metadata_(from.metadata) {}

  Status run() {
    WEIR_RETURN_IF_ERROR(files_.makeDirectories(to_));
    crashPoint("export.directory");
    WEIR_RETURN_IF_ERROR(copyState());
    crashPoint("export.state");
    WEIR_RETURN_IF_ERROR(copyProgram());
    crashPoint("export.program");
    WEIR_RETURN_IF_ERROR(copyLabel());
    runtime::CheckpointMetadata metadata = metadata_;
    metadata.savepoint = true;
    metadata.exported = true;
    metadata.data_directory.clear();  // Wherever it lies.
    metadata.location.clear();
    WEIR_RETURN_IF_ERROR(snapshot::writeMetadata(files_, to_, metadata, settings_.most_metadata));
    crashPoint("export.metadata");
    return ok();
  }

  std::uint64_t files() const { return copied_files_; }

 private:
  Status copyState() {
    std::map<std::string, std::vector<Range>> by_file;
    for (const runtime::SavedOperator& op : from_.metadata.operators) {
      for (const runtime::SubtaskState& subtask : op.subtasks) {
        if (!subtask.handle.shared.empty()) {
          not_copied_.insert(subtask.handle.location);
        }
      }
    }
    for (const runtime::SavedOperator& op : from_.metadata.operators) {
      for (const runtime::SubtaskState& subtask : op.subtasks) {
        const runtime::SectionHandle& handle = subtask.handle;
        const Range range{&op, subtask.subtask, &handle};
        if (isWrittenOut(handle)) {
          continue;
        }
        if (handle.storage == Storage::kFile) {
          by_file[handle.location].push_back(range);
        } else if (handle.storage == Storage::kInline &&
                   record::xxh3(handle.bytes.data(), handle.bytes.size()) != handle.checksum) {
          return Error(ErrorCode::kCorruption,
                       "metadata: " + whoseState(range) + ": it is not as it was written");
        }
      }
    }
    for (const auto& [name, ranges] : by_file) {
      const std::string path = fs::join(from_.metadata.data_directory, name);
      RangeChecks checks(ranges);
      WEIR_RETURN_IF_ERROR(copyFile(path, name, [&](std::uint64_t at, std::string_view bytes) {
        checks.take(at, bytes);
        return told(bytes.size());
      }));
      WEIR_RETURN_IF_ERROR(checks.end(path));
      crashPoint("export.file");
    }
    for (runtime::SavedOperator& op : metadata_.operators) {
      if (std::ranges::any_of(
              op.subtasks, [this](const auto& subtask) { return isWrittenOut(subtask.handle); })) {
        WEIR_RETURN_IF_ERROR(writeOut(op));
      }
    }
    return ok();
  }

  /// Whether a section is in a file with one that shares tables.
  bool isWrittenOut(const runtime::SectionHandle& handle) const {
    return handle.storage == Storage::kFile && not_copied_.contains(handle.location);
  }

  /// State that shares tables with other checkpoints gets sections of its own, which tell exactly
  /// how many entries there are.
  Status writeOut(runtime::SavedOperator& op) {
    snapshot::SectionOpener opener(files_);
    for (runtime::SavedState& one : op.states) {
      one.entries = 0;
      one.bytes = 0;
    }
    for (runtime::SubtaskState& subtask : op.subtasks) {
      if (subtask.handle.storage == Storage::kNone) {
        continue;
      }
      WEIR_TRY(const auto section, opener.open(snapshot::resolve(from_.metadata, subtask.handle)));
      for (const state::StateSummary& summary : section->states()) {
        for (runtime::SavedState& one : op.states) {
          const bool same = one.name == summary.name && one.kind == summary.kind;
          one.entries += same ? summary.entries : 0;
          one.bytes += same ? summary.bytes : 0;
        }
      }
      if (isWrittenOut(subtask.handle)) {
        WEIR_TRY(subtask.handle, writeSection(*section));
        WEIR_RETURN_IF_ERROR(told(subtask.handle.size));
        crashPoint("export.tables");
      }
    }
    return ok();
  }

  Result<runtime::SectionHandle> writeSection(const state::SectionReader& section) {
    runtime::SectionHandle handle;
    handle.storage = Storage::kFile;
    handle.location = snapshot::ownStateName(written_sections_++);
    FileSink sink;
    WEIR_TRY(sink.file, files_.create(fs::join(to_, handle.location)));
    state::SectionWriter writer(sink);
    WEIR_RETURN_IF_ERROR(state::copyStates(section, writer));
    WEIR_TRY(const state::SectionInfo info, writer.finish());
    WEIR_RETURN_IF_ERROR(sink.file->commit());
    handle.size = info.size;
    handle.checksum = info.checksum;
    ++copied_files_;
    return handle;
  }

  Status copyProgram() {
    WEIR_TRY(const auto keys, snapshot::programFiles(files_, from_.path));
    const std::string name(snapshot::kProgram);
    for (const runtime::BlobKey& key : keys) {
      fs::Sha256 digest;
      const std::string file = fs::join(name, key.sha256);
      WEIR_RETURN_IF_ERROR(copyFile(
          fs::join(from_.path, file), file, [&](std::uint64_t /*at*/, std::string_view bytes) {
            digest.update(bytes);
            return ok();
          }));
      if (digest.finish() != key.sha256) {
        return Error(ErrorCode::kCorruption,
                     fs::join(from_.path, file) + " is not the file that was stored");
      }
    }
    if (keys.empty()) {
      return ok();
    }
    const std::string description = fs::join(name, snapshot::kProgramDescription);
    return copyFile(fs::join(from_.path, description),
                    description,
                    [](std::uint64_t /*at*/, std::string_view /*bytes*/) { return ok(); });
  }

  Status copyLabel() {
    const auto label = snapshot::readLabel(files_, from_.path);
    return label && !label->empty() ? snapshot::writeLabel(files_, to_, *label) : ok();
  }

  template <typename Visit>
  Status copyFile(const std::string& path, const std::string& name, Visit visit) {
    WEIR_TRY(const auto reader, files_.openNoLink(path));
    WEIR_TRY(const auto writer, files_.create(fs::join(to_, name)));
    for (std::uint64_t at = 0; at < reader->size();) {
      WEIR_TRY(const std::string bytes,
               reader->read(at, std::min(kCopyBytes, reader->size() - at)));
      WEIR_RETURN_IF_ERROR(visit(at, bytes));
      WEIR_RETURN_IF_ERROR(writer->append(bytes));
      at += bytes.size();
    }
    ++copied_files_;
    return writer->commit();
  }

  Status told(std::uint64_t bytes) {
    copied_ += bytes;
    return !settings_.progress || settings_.progress(copied_, from_.metadata.bytes())
               ? ok()
               : Status(Error(ErrorCode::kCancelled, "interrupted"));
  }

  fs::FileSystem& files_;
  const snapshot::Opened& from_;
  const std::string to_;
  const ExportSettings& settings_;
  runtime::CheckpointMetadata metadata_;  // Of the copy.
  std::set<std::string> not_copied_;      // Files that have sections which share tables.
  std::uint64_t written_sections_ = 0;
  std::uint64_t copied_ = 0;
  std::uint64_t copied_files_ = 1;  // With the metadata.
};

/// Whether an export may make `target` a savepoint.
Status checkTarget(fs::FileSystem& files, const fs::Location& target) {
  const auto info = files.stat(target.uri());
  if (!info) {
    return info.error().code() == ErrorCode::kNotFound ? ok() : Status(info.error());
  }
  if (info->link || !info->directory) {
    return Error(ErrorCode::kFailedPrecondition, target.path() + " is there, and no directory")
        .advise("name another one");
  }
  WEIR_TRY(const auto entries, files.list(target.uri()));
  if (!entries.empty()) {
    return Error(ErrorCode::kFailedPrecondition,
                 target.path() + " is not empty ('" + entries.front().name + "' is in it)")
        .advise("name another directory, one that is empty or not there yet");
  }
  return ok();
}

Result<std::string> imageOf(fs::FileSystem& files,
                            const std::string& directory,
                            std::uint64_t most) {
  const std::string path = fs::join(directory, snapshot::kMetadata);
  WEIR_TRY(const auto file, files.openNoLink(path));
  return fs::readAll(*file, path, most);
}

/// Whether the original is what it was when the export began.
Status checkUnchanged(fs::FileSystem& files,
                      const snapshot::Opened& from,
                      const std::string& image,
                      std::uint64_t most) {
  const auto now = imageOf(files, from.path, most);
  if (!now || *now != image) {
    return Error(ErrorCode::kFailedPrecondition,
                 "'" + from.path + "' " + (now ? "was replaced" : "was disposed, or went away,") +
                     " while it was exported")
        .advise("export another one");
  }
  WEIR_TRY(const auto damaged, snapshot::damagedFiles(files, from.metadata));
  return damaged.empty() ? ok()
                         : Status(Error(ErrorCode::kFailedPrecondition,
                                        "it changed while it was exported: " + damaged.front()));
}

std::vector<std::string> warningsOf(const runtime::CheckpointMetadata& metadata) {
  std::vector<std::string> warnings;
  for (const runtime::SavedOperator& op : metadata.operators) {
    if (op.holdsCustomHandles()) {
      warnings.push_back("operator '" + calledBy(op) +
                         "' holds state handles of its program's making: what they lead to was "
                         "not copied, and goes with the original");
    }
  }
  return warnings;
}

}  // namespace

Result<Exported> exportSnapshot(fs::FileSystem& files,
                                Random& random,
                                const std::string& path,
                                const std::string& target,
                                const ExportSettings& settings) {
  WEIR_TRY(const auto opened, openSnapshot(files, path, settings.most_metadata));
  WEIR_TRY(const std::string image, imageOf(files, opened.path, settings.most_metadata));
  WEIR_TRY(const auto location, fs::Location::parse(target));
  WEIR_RETURN_IF_ERROR(checkTarget(files, location));
  constexpr int kRandomDigits = 8;
  // Elsewhere directories cannot be renamed: there it is the metadata, written last, that makes the
  // directory a savepoint.
  const std::string beside =
      location.isLocal()
          ? location.parent()
                .child(snapshot::exportName(location.name(), random.hex(kRandomDigits)))
                .uri()
          : location.uri();
  Copy copy(files, opened, beside, settings);
  Status exported = copy.run();
  if (exported) {
    exported = checkUnchanged(files, opened, image, settings.most_metadata);
  }
  if (exported) {
    crashPoint("export.checked");
    exported = location.isLocal() ? fs::publishDirectory(beside, location.uri()) : ok();
  }
  if (!exported) {
    if (const Status removed = removeUnfinishedExport(files, beside); !removed) {
      return std::move(exported).error().advise("remove " + beside);
    }
    return std::move(exported).error();
  }
  crashPoint("export.published");
  return Exported{.path = location.uri(),
                  .files = copy.files(),
                  .bytes = opened.metadata.bytes(),
                  .warnings = warningsOf(opened.metadata)};
}

}  // namespace weir::offline
