#include "common/fs/file_system.h"

namespace weir::fs {

namespace {
constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;
}  // namespace

Result<std::string> readAll(FileSystem& files, const std::string& path) {
  WEIR_TRY(auto reader, files.open(path));
  if (reader->size() > kMostBytes) {
    return Error(ErrorCode::kResourceExhausted,
                 path + " has " + std::to_string(reader->size()) + " bytes, and at most " +
                     std::to_string(kMostBytes) + " are read at once");
  }
  return reader->read(0, reader->size());
}

Status writeAll(FileSystem& files, const std::string& path, std::string_view bytes) {
  WEIR_TRY(auto writer, files.create(path));
  WEIR_RETURN_IF_ERROR(writer->append(bytes));
  return writer->commit();
}

}  // namespace weir::fs
