#include "jobmanager/savepoint/stored_program.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/fs/empty_directory.h"
#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/metadata_file.h"
#include "common/wire/encoding.h"
#include "jobmanager/blob/program_blobs.h"

namespace weir::jobmanager {
namespace {

constexpr std::string_view kDescription = "description";
constexpr std::uint64_t kChunkBytes = 1 << 20;

bool isSha256(std::string_view name) {
  constexpr std::size_t kDigits = 64;
  return name.size() == kDigits &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Hands the file to `take` in pieces.
template <typename Take>
Status copy(const fs::FileReader& from, Take take) {
  for (std::uint64_t offset = 0; offset < from.size(); offset += kChunkBytes) {
    WEIR_TRY(const std::string bytes,
             from.read(offset, std::min(kChunkBytes, from.size() - offset)));
    WEIR_RETURN_IF_ERROR(take(bytes));
  }
  return ok();
}

std::set<runtime::BlobKey> distinct(const runtime::Program& program) {
  const std::vector<runtime::BlobKey> keys = blob::keysOf(program);
  return {keys.begin(), keys.end()};
}

Status writeFile(fs::FileSystem& files, const std::string& path, const fs::FileReader& from) {
  WEIR_TRY(const auto writer, files.create(path));
  WEIR_RETURN_IF_ERROR(copy(from, [&](const std::string& bytes) { return writer->append(bytes); }));
  return writer->commit();
}

Status readFile(fs::FileSystem& files,
                const std::string& path,
                blob::BlobStore& blobs,
                const runtime::BlobKey& key) {
  WEIR_TRY(const auto reader, files.open(path));
  WEIR_TRY(const auto upload, blobs.put(key));
  WEIR_RETURN_IF_ERROR(
      copy(*reader, [&](const std::string& bytes) { return upload->append(bytes); }));
  return upload->finish();
}

Result<runtime::JobProgram> describedIn(fs::FileSystem& files, const std::string& below) {
  const std::string description = fs::join(below, kDescription);
  WEIR_TRY(const auto file, files.openNoLink(description));
  WEIR_TRY(const std::string image, fs::readAll(*file, description, snapshot::kMostMetadataBytes));
  return wire::decodeProgram(image).during("read " + description);
}

/// False when there is nothing; an error when there is something else.
Result<bool> isDirectory(fs::FileSystem& files, const std::string& below) {
  const auto info = files.stat(below);
  if (!info && info.error().code() == ErrorCode::kNotFound) {
    return false;
  }
  WEIR_TRY(const fs::FileInfo found, info);
  if (found.link || !found.directory) {
    return Error(ErrorCode::kFailedPrecondition, below + " stays: it is no directory");
  }
  return true;
}

Status removeOnlyEmpty(fs::FileSystem& files, const std::string& below) {
  WEIR_TRY(const bool gone, fs::removeEmptyDirectory(files, below));
  return gone
             ? ok()
             : Status(Error(ErrorCode::kFailedPrecondition,
                            "directory " + below + " stays: there is more in it than the program"));
}

}  // namespace

Status writeProgram(fs::FileSystem& files,
                    blob::BlobStore& blobs,
                    const std::string& directory,
                    const runtime::JobProgram& program) {
  const std::string below = fs::join(directory, snapshot::kProgram);
  for (const runtime::BlobKey& key : distinct(program.program)) {
    WEIR_TRY(const auto reader, blobs.open(key.sha256));
    WEIR_RETURN_IF_ERROR(writeFile(files, fs::join(below, key.sha256), *reader));
  }
  return fs::writeAll(files, fs::join(below, kDescription), wire::encodeProgram(program));
}

Result<runtime::JobProgram> readProgram(fs::FileSystem& files,
                                        blob::BlobStore& blobs,
                                        const std::string& directory) {
  const std::string below = fs::join(directory, snapshot::kProgram);
  WEIR_TRY(auto program, describedIn(files, below));
  for (const runtime::BlobKey& key : distinct(program.program)) {
    const std::string path = fs::join(below, key.sha256);
    if (!blobs.has(key)) {
      Status read = readFile(files, path, blobs, key);
      if (!read && read.error().code() == ErrorCode::kNotFound) {
        return Error(ErrorCode::kCorruption, path + " is missing");
      }
      WEIR_RETURN_IF_ERROR(std::move(read).during("read " + path));
    }
  }
  return program;
}

Status removeProgram(fs::FileSystem& files, const std::string& directory) {
  const std::string below = fs::join(directory, snapshot::kProgram);
  WEIR_TRY(const bool there, isDirectory(files, below));
  if (!there) {
    return ok();
  }
  if (const auto program = describedIn(files, below)) {
    for (const runtime::BlobKey& key : distinct(program->program)) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(below, key.sha256)));
    }
    WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(below, kDescription)));
  } else if (program.error().code() == ErrorCode::kIo) {
    return program.error();
  }
  return removeOnlyEmpty(files, below);
}

Status removeUnfinishedProgram(fs::FileSystem& files, const std::string& directory) {
  const std::string below = fs::join(directory, snapshot::kProgram);
  WEIR_TRY(const bool there, isDirectory(files, below));
  if (!there) {
    return ok();
  }
  WEIR_TRY(const auto entries, files.list(below));
  for (const fs::FileInfo& entry : entries) {
    if (entry.name == kDescription || isSha256(entry.name)) {
      WEIR_RETURN_IF_ERROR(files.removeFile(fs::join(below, entry.name)));
    }
  }
  return removeOnlyEmpty(files, below);
}

}  // namespace weir::jobmanager
