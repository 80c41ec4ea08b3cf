#include "common/fs/unfinished_files.h"

namespace weir::fs {

Status removeUnfinished(FileSystem& files,
                        const std::string& directory,
                        const UnfinishedFiles::IsOurs& is_ours) {
  auto* const unfinished = dynamic_cast<UnfinishedFiles*>(&files);
  return unfinished == nullptr ? ok() : unfinished->removeUnfinished(directory, is_ours);
}

}  // namespace weir::fs
