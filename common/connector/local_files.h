#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include "common/base/result.h"

/// Steps of sinks on local files and directories. Each blocks, and its error names the path.
namespace weir::connector {

/// Only digits: sinks name what they may delete like that.
bool isNumber(std::string_view name);
/// Empty when there is no such directory.
Result<std::vector<std::string>> namesIn(const std::string& directory);
/// One that is there already will do.
Status makeDirectory(const std::string& path);
/// nullopt when there is nothing.
Result<std::optional<struct stat>> lookAt(const std::string& path);

/// Where there is nothing to sync to, that is no error.
Status syncFile(int fd, const std::string& path);
Status syncDirectory(const std::string& path);
/// The first `bytes` bytes of `from` to `to`, at `at`. kCorruption when there are fewer.
Status copyBytes(const std::string& from,
                 std::uint64_t bytes,
                 int to,
                 std::uint64_t at,
                 const std::string& to_path);

}  // namespace weir::connector
