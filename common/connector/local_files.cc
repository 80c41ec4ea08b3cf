#include "common/connector/local_files.h"

#include <algorithm>
#include <cerrno>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/base/unique_fd.h"

namespace weir::connector {
namespace {

constexpr std::size_t kCopyBytes = 256 * 1024;

}  // namespace

bool isNumber(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

Result<std::vector<std::string>> namesIn(const std::string& directory) {
  std::vector<std::string> names;
  DIR* open = ::opendir(directory.c_str());
  if (open == nullptr) {
    return errno == ENOENT ? Result<std::vector<std::string>>(names)
                           : systemError(errno, "list " + directory);
  }
  while (const dirent* entry = ::readdir(open)) {  // NOLINT: this stream is nobody else's.
    names.emplace_back(entry->d_name);
  }
  ::closedir(open);
  return names;
}

Status makeDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) {
    return systemError(errno, "create directory " + path);
  }
  return ok();
}

Result<std::optional<struct stat>> lookAt(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    return std::optional(info);
  }
  return errno == ENOENT ? Result<std::optional<struct stat>>(std::nullopt)
                         : systemError(errno, "look at " + path);
}

Status syncFile(int fd, const std::string& path) {
  if (::fdatasync(fd) != 0 && errno != EINVAL) {  // EINVAL: there is nothing to sync to.
    return systemError(errno, "sync " + path);
  }
  return ok();
}

Status syncDirectory(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return fd ? syncFile(fd.get(), path) : Status(systemError(errno, "sync " + path));
}

Status copyBytes(const std::string& from,
                 std::uint64_t bytes,
                 int to,
                 std::uint64_t at,
                 const std::string& to_path) {
  const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
  if (!source) {
    return systemError(errno, "read " + from);
  }
  std::string buffer(std::min<std::uint64_t>(kCopyBytes, bytes), '\0');
  for (std::uint64_t done = 0; done < bytes;) {
    const ssize_t got = ::pread(source.get(),
                                buffer.data(),
                                std::min<std::uint64_t>(buffer.size(), bytes - done),
                                static_cast<off_t>(done));
    if (got <= 0) {
      return got < 0 ? systemError(errno, "read " + from)
                     : Error(ErrorCode::kCorruption,
                             from + " ends after " + std::to_string(done) + " of " +
                                 std::to_string(bytes) + " bytes");
    }
    for (ssize_t put = 0; put < got;) {
      const ssize_t now = ::pwrite(to,
                                   buffer.data() + put,
                                   static_cast<std::size_t>(got - put),
                                   static_cast<off_t>(at + done + static_cast<std::uint64_t>(put)));
      if (now < 0 && errno != EINTR) {
        return systemError(errno, "write to " + to_path);
      }
      put += std::max<ssize_t>(now, 0);
    }
    done += static_cast<std::uint64_t>(got);
  }
  return ok();
}

}  // namespace weir::connector
