#include "common/connector/remote_files.h"

#include <algorithm>

#include "common/fs/location.h"

namespace weir::connector {
namespace {

constexpr std::uint64_t kCopiedBytes = std::uint64_t{4} << 20;

}  // namespace

bool isRemote(std::string_view path) {
  const std::string_view scheme = fs::schemeOf(path);
  return !scheme.empty() && scheme != "file";
}

Status publishCopy(fs::FileSystem& files, const std::string& from, const std::string& to) {
  const auto there = files.stat(to);
  if (!there && there.error().code() != ErrorCode::kNotFound) {
    return Error(there.error()).during("commit " + from);
  }
  const auto reader = files.openNoLink(from);
  const bool gone = !reader && reader.error().code() == ErrorCode::kNotFound;
  if (there && (gone || (reader && (*reader)->size() == there->size))) {
    return ok();  // It was committed before.
  }
  if (there || gone) {
    return Error(ErrorCode::kFailedPrecondition,
                 "commit " + from + " as " + to +
                     (there ? ": that is there, and another file" : ": it is gone"))
        .advise(
            "let nothing but its job touch the files of a sink; bring the file back, or start "
            "without the state of this sink");
  }
  if (!reader) {
    return Error(reader.error()).during("commit as " + to);
  }
  WEIR_TRY(const auto writer, files.create(to));
  for (std::uint64_t at = 0; at < (*reader)->size();) {
    WEIR_TRY(const std::string bytes,
             (*reader)->read(at, std::min(kCopiedBytes, (*reader)->size() - at)));
    WEIR_RETURN_IF_ERROR(writer->append(bytes));
    at += bytes.size();
  }
  Status committed = writer->commit();
  if (!committed && committed.error().code() == ErrorCode::kFailedPrecondition) {
    const auto now = files.stat(to);  // An attempt that was given up did the same.
    return now && now->size == (*reader)->size() ? ok() : std::move(committed);
  }
  return committed;
}

Result<std::vector<std::string>> remoteNamesIn(fs::FileSystem& files,
                                               const std::string& directory) {
  std::vector<std::string> names;
  const auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound
               ? Result<std::vector<std::string>>(names)
               : Result<std::vector<std::string>>(entries.error());
  }
  std::ranges::transform(*entries, std::back_inserter(names), &fs::FileInfo::name);
  return names;
}

Result<bool> isThere(fs::FileSystem& files, const std::string& path) {
  const auto found = files.stat(path);
  if (!found && found.error().code() != ErrorCode::kNotFound) {
    return Error(found.error());
  }
  return found.has_value();
}

}  // namespace weir::connector
