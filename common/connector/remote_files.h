#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/fs/file_system.h"

/// Steps of sinks on file systems of other machines, which can neither rename nor append. Each
/// blocks, and its error names the path.
namespace weir::connector {

/// Whether a path has a scheme that is not file:.
bool isRemote(std::string_view path);
/// Gives a file another name by copying it: ok when there is one of that name with as many bytes
/// already, whether `from` is still there or not. Both names are nobody else's.
Status publishCopy(fs::FileSystem& files, const std::string& from, const std::string& to);
/// The names in a directory; empty when there is none.
Result<std::vector<std::string>> remoteNamesIn(fs::FileSystem& files, const std::string& directory);
/// Whether there is anything of that name.
Result<bool> isThere(fs::FileSystem& files, const std::string& path);

}  // namespace weir::connector
