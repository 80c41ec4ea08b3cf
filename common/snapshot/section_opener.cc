#include "common/snapshot/section_opener.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/fs/uri.h"
#include "common/record/checksum.h"
#include "common/rocksdb/table_section.h"
#include "common/snapshot/layout.h"

namespace weir::snapshot {
namespace {

class InlineSource final : public state::ByteSource {
 public:
  explicit InlineSource(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > bytes_.size() || bytes_.size() - offset < length) {
      return Error(ErrorCode::kCorruption, "the section is shorter than it says");
    }
    return bytes_.substr(offset, length);
  }

 private:
  std::string bytes_;
};

/// What stands in a section behind its first bytes.
class RestSource final : public state::ByteSource {
 public:
  RestSource(const state::ByteSource& whole, std::uint64_t begin) : whole_(whole), begin_(begin) {}
  std::string name() const override { return whole_.name(); }
  std::uint64_t size() const override { return whole_.size() - begin_; }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > size()) {
      return Error(ErrorCode::kCorruption, "the section is shorter than it says");
    }
    return whole_.read(begin_ + offset, length);
  }

 private:
  const state::ByteSource& whole_;  // Of the caller.
  std::uint64_t begin_;
};

/// Copies a shared file, with all its bytes as they were written.
Status fetch(fs::FileSystem& files,
             const std::string& from,
             const rocks::TableManifest::Table& table,
             state::ByteSink& to,
             const SectionOpener::OnRead& on_read) {
  constexpr std::uint64_t kPiece = 1 << 20;
  WEIR_TRY(const auto file, files.openNoLink(from));
  record::Checksum sum;
  for (std::uint64_t at = 0; at < file->size(); at += kPiece) {
    WEIR_TRY(const std::string bytes, file->read(at, std::min(kPiece, file->size() - at)));
    if (on_read) {
      on_read(bytes.size());
    }
    sum.add(bytes);
    WEIR_RETURN_IF_ERROR(to.append(bytes));
  }
  if (file->size() != table.size || sum.value() != table.checksum) {
    return Error(ErrorCode::kCorruption, from + " is not as it was written");
  }
  return ok();
}

/// Keeps the bytes alive for as long as somebody reads them.
struct OpenSection {
  std::unique_ptr<state::ByteSource> source;
  std::unique_ptr<state::SectionReader> reader;
};

}  // namespace

/// Files of state that are being read. Only the last few stay open: a subtask that gets a list back
/// reads as many files as there were subtasks, and so do the others in its process.
class SectionOpener::OpenFiles {
 public:
  OpenFiles(fs::FileSystem& files, OnRead on_read) : files_(files), on_read_(std::move(on_read)) {}

  /// Valid until the next call.
  Result<fs::FileReader*> get(const std::string& path) {
    const auto found = std::ranges::find(open_, path, &Open::path);
    if (found != open_.end()) {
      std::rotate(open_.begin(), found, found + 1);
    } else {
      WEIR_TRY(auto file, files_.openNoLink(path));
      if (open_.size() == kMost) {
        open_.pop_back();
      }
      open_.insert(open_.begin(), {path, std::move(file)});
    }
    return open_.front().file.get();
  }

  Result<std::string> read(const std::string& path, std::uint64_t offset, std::uint64_t length) {
    WEIR_TRY(fs::FileReader * file, get(path));
    WEIR_TRY(std::string bytes, file->read(offset, length));
    if (on_read_) {
      on_read_(bytes.size());
    }
    return bytes;
  }

  const OnRead& onRead() const { return on_read_; }

 private:
  static constexpr std::size_t kMost = 4;
  struct Open {
    std::string path;
    std::unique_ptr<fs::FileReader> file;
  };

  fs::FileSystem& files_;
  const OnRead on_read_;
  std::vector<Open> open_;  // The last used first.
};

/// A part of a file.
class SectionOpener::FileSource final : public state::ByteSource {
 public:
  FileSource(std::shared_ptr<OpenFiles> files,
             std::string name,
             std::uint64_t offset,
             std::uint64_t size)
      : files_(std::move(files)), name_(std::move(name)), offset_(offset), size_(size) {}
  std::string name() const override { return name_; }
  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > size_ || size_ - offset < length) {
      return Error(ErrorCode::kCorruption, "the section is shorter than it says");
    }
    return files_->read(name_, offset_ + offset, length);
  }

 private:
  std::shared_ptr<OpenFiles> files_;  // Shared with the other sections of one operator.
  std::string name_;
  std::uint64_t offset_;
  std::uint64_t size_;
};

SectionOpener::SectionOpener(fs::FileSystem& files, OnRead on_read)
    : files_(files), open_(std::make_shared<OpenFiles>(files, std::move(on_read))) {}

Result<std::unique_ptr<state::ByteSource>> SectionOpener::sourceOf(
    const runtime::SectionHandle& handle) {
  if (handle.storage == runtime::SectionHandle::Storage::kInline) {
    return std::unique_ptr<state::ByteSource>(std::make_unique<InlineSource>(handle.bytes));
  }
  if (handle.storage != runtime::SectionHandle::Storage::kFile) {
    return Error(ErrorCode::kInternal, "a task was sent state that it cannot reach");
  }
  if (!isStateFileName(fs::nameOf(handle.location))) {
    return Error(ErrorCode::kInvalidArgument,
                 "'" + handle.location + "' is no name that a snapshot gives to a file of state");
  }
  WEIR_TRY(const fs::FileReader* file, open_->get(handle.location));
  if (handle.offset > file->size() || file->size() - handle.offset < handle.size) {
    return Error(ErrorCode::kCorruption,
                 handle.location + " has " + std::to_string(file->size()) +
                     " bytes, but the snapshot put " + std::to_string(handle.size) + " at offset " +
                     std::to_string(handle.offset));
  }
  return std::unique_ptr<state::ByteSource>(
      std::make_unique<FileSource>(open_, handle.location, handle.offset, handle.size));
}

/// The canonical section that one with tables stands for.
Result<std::unique_ptr<state::ByteSource>> SectionOpener::readTables(
    const runtime::SectionHandle& handle, const state::ByteSource& section) {
  if (handle.storage != runtime::SectionHandle::Storage::kFile) {
    return Error(ErrorCode::kCorruption, "a section that shares files lies in none");
  }
  WEIR_TRY(const rocks::ReadManifest read, rocks::readManifest(section));
  const std::string directory = sharedDirectory(fs::parentOf(handle.location));
  return rocks::readTables(
      read.manifest,
      RestSource(section, read.size),
      handle.location,
      [&](const rocks::TableManifest::Table& table, state::ByteSink& to) {
        return fetch(files_, fs::join(directory, table.shared), table, to, open_->onRead());
      });
}

Result<std::shared_ptr<state::SectionReader>> SectionOpener::open(
    const runtime::SectionHandle& handle) {
  auto opened = std::make_shared<OpenSection>();
  WEIR_TRY(opened->source, sourceOf(handle));
  WEIR_TRY(const bool in_tables, rocks::hasManifest(*opened->source));
  if (in_tables) {
    WEIR_TRY(opened->source, readTables(handle, *opened->source));
  }
  WEIR_TRY(opened->reader, state::SectionReader::open(*opened->source));
  return std::shared_ptr<state::SectionReader>(opened, opened->reader.get());
}

}  // namespace weir::snapshot
