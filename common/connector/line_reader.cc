#include "common/connector/line_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/fs/uri.h"

namespace weir::connector {
namespace {

constexpr int kDeepest = 64;  // A link to a directory above it would never end.

Error notRegular(const std::string& path) {
  return Error(ErrorCode::kInvalidArgument, "input " + path + " is no regular file")
      .advise("name files and directories of files");
}

struct FoundFile {
  std::string path;
  std::uint64_t size = 0;
};

Status find(fs::FileSystem& files,
            const std::string& directory,
            bool recursive,
            int depth,
            std::vector<FoundFile>& found) {
  if (depth > kDeepest) {
    return Error(ErrorCode::kInvalidArgument, "directory " + directory + " is nested too deeply")
        .advise("look for a link that leads back to a directory above it");
  }
  WEIR_TRY(const auto entries, files.list(directory));
  for (const fs::FileInfo& entry : entries) {
    if (entry.name.starts_with('.') || entry.name.starts_with('_')) {
      continue;
    }
    const std::string path = fs::join(directory, entry.name);
    if (!entry.directory && !entry.regular) {
      return notRegular(path);
    }
    if (!entry.directory) {
      found.push_back({path, entry.size});
    } else if (recursive) {
      WEIR_RETURN_IF_ERROR(find(files, path, recursive, depth + 1, found));
    }
  }
  return ok();
}

}  // namespace

LineReader::LineReader(std::unique_ptr<fs::FileReader> file, FileSplit split)
    : file_(std::move(file)), split_(std::move(split)), position_(split_.offset) {}

Result<std::unique_ptr<LineReader>> LineReader::open(fs::FileSystem& files,
                                                     const FileSplit& split) {
  WEIR_TRY(auto file, files.open(split.path));
  if (file->size() < split.end) {
    return Error(ErrorCode::kFailedPrecondition,
                 "file " + split.path + " has " + std::to_string(file->size()) +
                     " bytes, but had at least " + std::to_string(split.end) +
                     " when the job began to read it")
        .advise("input files must not change while a job reads them");
  }
  std::unique_ptr<LineReader> reader(new LineReader(std::move(file), split));
  if (split.offset > 0) {
    --reader->position_;
    bool terminated = false;
    WEIR_TRY(const std::size_t end, reader->findEnd(terminated));
    reader->position_ += end + (terminated ? 1 : 0);
    reader->begin_ = end + (terminated ? 1 : 0);
  }
  return reader;
}

Result<std::optional<std::string_view>> LineReader::next() {
  if (position_ >= split_.end) {
    return std::optional<std::string_view>();
  }
  bool terminated = false;
  WEIR_TRY(const std::size_t end, findEnd(terminated));
  std::string_view line(buffer_.data() + begin_, end - begin_);
  const std::size_t taken = line.size() + (terminated ? 1 : 0);
  if (terminated && line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  begin_ += taken;
  position_ += taken;
  return std::optional(line);
}

Result<std::size_t> LineReader::findEnd(bool& terminated) {
  std::size_t scanned = begin_;
  for (;;) {
    const void* newline = std::memchr(buffer_.data() + scanned, '\n', buffer_.size() - scanned);
    if (newline != nullptr) {
      terminated = true;
      return static_cast<std::size_t>(static_cast<const char*>(newline) - buffer_.data());
    }
    if (position_ + (buffer_.size() - begin_) >= file_->size()) {
      terminated = false;
      return buffer_.size();
    }
    const std::size_t unscanned_from = buffer_.size() - begin_;
    WEIR_RETURN_IF_ERROR(fill());
    scanned = unscanned_from;  // What came before lies at the front now and has no '\n'.
  }
}

Status LineReader::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::uint64_t from = position_ + buffer_.size();
  WEIR_TRY(const std::string piece,
           file_->read(from, std::min(kFilePieceBytes, file_->size() - from)));
  buffer_ += piece;
  return ok();
}

Result<std::vector<FileSplit>> splitsOf(fs::FileSystem& files,
                                        const std::vector<std::string>& paths,
                                        bool recursive,
                                        std::uint32_t subtask,
                                        std::uint32_t parallelism,
                                        std::uint64_t block_bytes) {
  std::vector<FoundFile> found;
  for (const std::string& given : paths) {
    const std::string path = fs::absolutePath(given);
    WEIR_TRY(const auto info, files.stat(path));
    if (info.directory) {
      WEIR_RETURN_IF_ERROR(find(files, path, recursive, 0, found));
    } else if (info.regular) {
      found.push_back({path, info.size});
    } else {
      return notRegular(path);
    }
  }
  std::vector<FileSplit> splits;
  for (std::size_t i = 0; i < found.size(); ++i) {
    for (std::uint64_t block = 0; block * block_bytes < found[i].size; ++block) {
      if ((i + block) % parallelism == subtask) {
        splits.push_back({found[i].path,
                          block * block_bytes,
                          std::min(found[i].size, (block + 1) * block_bytes)});
      }
    }
  }
  return splits;
}

}  // namespace weir::connector
