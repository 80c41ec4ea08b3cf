#include "common/fs/file_system.h"

namespace weir::fs {

Result<std::string> readAll(FileSystem& files, const std::string& path) {
  WEIR_TRY(auto reader, files.open(path));
  return reader->read(0, reader->size());
}

Status writeAll(FileSystem& files, const std::string& path, std::string_view bytes) {
  WEIR_TRY(auto writer, files.create(path));
  WEIR_RETURN_IF_ERROR(writer->append(bytes));
  return writer->commit();
}

}  // namespace weir::fs
