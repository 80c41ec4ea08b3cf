#include "jobmanager/ha/journal/journal_directory.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <functional>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/daemon/named_lock.h"
#include "common/fs/local_entries.h"
#include "common/fs/uri.h"

namespace weir::ha {
namespace {

constexpr std::string_view kLeader = "leader-";
constexpr std::string_view kJournal = "journal-";
constexpr std::string_view kTemporary = ".journal-";
constexpr std::size_t kMostHolder = 256;

/// A decimal number as we write it, or none.
std::optional<std::uint64_t> numberOf(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::to_string(value) == text ? std::optional(value) : std::nullopt;
}

std::optional<LeaderEpoch> leaderOf(std::string_view name) {
  if (!name.starts_with(kLeader)) {
    return std::nullopt;
  }
  const auto epoch = numberOf(name.substr(kLeader.size()));
  return epoch ? std::optional(LeaderEpoch(*epoch)) : std::nullopt;
}

std::optional<JournalName> journalOf(std::string_view name) {
  if (!name.starts_with(kJournal)) {
    return std::nullopt;
  }
  name.remove_prefix(kJournal.size());
  const std::size_t dash = name.find('-');
  if (dash == std::string_view::npos) {
    return std::nullopt;
  }
  const auto epoch = numberOf(name.substr(0, dash));
  const auto number = numberOf(name.substr(dash + 1));
  return epoch && number ? std::optional(JournalName{LeaderEpoch(*epoch), *number}) : std::nullopt;
}

bool isOurs(std::string_view name) {
  return leaderOf(name) || journalOf(name) || name.starts_with(kTemporary) || name == "blobs" ||
         name == "lost+found";
}

}  // namespace

std::string JournalName::text() const {
  return std::string(kJournal) + std::to_string(epoch.value()) + "-" + std::to_string(number);
}

Result<JournalDirectory> JournalDirectory::open(const std::string& path) {
  WEIR_TRY(const std::string local, fs::localPath(path));
  struct stat info{};
  if (::stat(local.c_str(), &info) != 0) {
    if (errno != ENOENT) {
      return fs::fileError(errno, "look at " + local);
    }
    if (::mkdir(local.c_str(), 0700) != 0 && errno != EEXIST) {
      return fs::fileError(errno, "make directory " + local);
    }
  } else if (!S_ISDIR(info.st_mode)) {
    return fs::fileError(ENOTDIR, "open " + local);
  }
  JournalDirectory directory(local);
  WEIR_TRY(const auto names, directory.names());
  const auto foreign = std::find_if_not(names.begin(), names.end(), isOurs);
  if (foreign != names.end()) {
    return Error(ErrorCode::kFailedPrecondition,
                 local + " holds '" + *foreign + "', which is of no journal")
        .advise("name an empty directory, or one that does not exist yet");
  }
  if (::access(local.c_str(), R_OK | W_OK | X_OK) != 0) {
    return fs::fileError(errno, "write in " + local);
  }
  return directory;
}

Result<std::vector<std::string>> JournalDirectory::names() const {
  const fs::Stream stream(::opendir(path_.c_str()), &::closedir);
  if (!stream) {
    return fs::fileError(errno, "list " + path_);
  }
  std::vector<std::string> names;
  const int error =
      fs::forEachEntry(stream.get(), [&](const std::string& name) { names.push_back(name); });
  if (error != 0) {
    return fs::fileError(error, "list " + path_);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string JournalDirectory::leaderPath(LeaderEpoch epoch) const {
  return fs::join(path_, std::string(kLeader) + std::to_string(epoch.value()));
}

Result<std::optional<LeaderEpoch>> JournalDirectory::findLeader() const {
  WEIR_TRY(const auto all, names());
  std::optional<LeaderEpoch> newest;
  for (const std::string& name : all) {
    if (const auto epoch = leaderOf(name)) {
      newest = std::max(newest.value_or(*epoch), *epoch);
    }
  }
  return newest;
}

/// An epoch is never used twice, also where somebody deleted the file that says which was the last.
Status JournalDirectory::makeLeader() const {
  WEIR_TRY(const auto files, journals());
  const LeaderEpoch epoch = files.empty() ? LeaderEpoch() : files.front().epoch;
  const std::string path = leaderPath(epoch);
  const UniqueFd made(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!made && errno != EEXIST) {  // Else another one made it at the same time.
    return fs::fileError(errno, "create " + path);
  }
  return sync();
}

Result<bool> JournalDirectory::tryLock(std::string_view holder) {
  constexpr int kTries = 10;  // Others may rename the file at the same time.
  for (int i = 0; i < kTries; ++i) {
    WEIR_TRY(const auto epoch, findLeader());
    if (!epoch) {
      WEIR_RETURN_IF_ERROR(makeLeader());
      continue;
    }
    const std::string path = leaderPath(*epoch);
    UniqueFd file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
    if (!file && errno == ENOENT) {
      continue;
    }
    if (!file) {
      return fs::fileError(errno, "open " + path);
    }
    if (!daemon::lockNamed(file, path)) {
      if (daemon::hasItsName(file, path)) {
        return false;
      }
      continue;
    }
    const std::string line(holder.substr(0, kMostHolder));
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), line.data(), line.size(), 0) < 0) {
      // A full disk: who waits for us does not learn who we are.
    }
    leader_ = std::move(file);
    epoch_ = *epoch;
    return true;
  }
  return Error(ErrorCode::kUnavailable, "others take " + path_ + " over all the time")
      .advise("run few job managers on one recovery.filesystem.dir");
}

std::string JournalDirectory::holder() const {
  const auto epoch = findLeader();
  if (!epoch || !*epoch) {
    return "";
  }
  const UniqueFd file(::open(leaderPath(**epoch).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  std::string line(kMostHolder, '\0');
  const ssize_t got = file ? ::pread(file.get(), line.data(), line.size(), 0) : -1;
  line.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  struct stat info{};
  if (line.empty() || ::fstat(file.get(), &info) != 0) {
    return line;
  }
  std::tm utc{};
  ::gmtime_r(&info.st_mtime, &utc);  // It is written once, by who takes the lock.
  char text[64];
  const std::size_t length =
      std::strftime(text, sizeof text, ", since %Y-%m-%d %H:%M:%S UTC", &utc);
  return line.append(text, length);
}

Status JournalDirectory::raiseEpoch(LeaderEpoch newest) {
  const LeaderEpoch next = std::max(epoch_, newest).next();
  if (!leads() || ::rename(leaderPath(epoch_).c_str(), leaderPath(next).c_str()) != 0) {
    return Error(ErrorCode::kFenced,
                 "another job manager took over " + path_ + " after epoch " +
                     std::to_string(epoch_.value()));
  }
  epoch_ = next;
  return sync();
}

bool JournalDirectory::leads() const {
  return leader_ && daemon::hasItsName(leader_, leaderPath(epoch_));
}

Result<std::vector<JournalName>> JournalDirectory::journals() const {
  WEIR_TRY(const auto all, names());
  std::vector<JournalName> journals;
  for (const std::string& name : all) {
    if (const auto journal = journalOf(name)) {
      journals.push_back(*journal);
    }
  }
  std::sort(journals.begin(), journals.end(), std::greater<>());
  return journals;
}

std::string JournalDirectory::pathOf(const JournalName& name) const {
  return fs::join(path_, name.text());
}

std::string JournalDirectory::temporaryOf(const JournalName& name) const {
  return fs::join(path_, "." + name.text() + ".tmp");
}

Status JournalDirectory::sync() const {
  const UniqueFd directory = daemon::openDirectory(path_);
  if (!directory || (::fsync(directory.get()) != 0 && errno != EINVAL && errno != ENOTSUP)) {
    return fs::fileError(errno, "sync directory " + path_);
  }
  return ok();
}

Status JournalDirectory::removeOlder(const JournalName& name) const {
  WEIR_TRY(const auto all, names());
  Status removed = ok();
  for (const std::string& one : all) {
    const auto journal = journalOf(one);
    const bool temporary = one.starts_with(kTemporary) && fs::join(path_, one) != temporaryOf(name);
    if ((journal && *journal < name) || temporary) {
      const std::string path = fs::join(path_, one);
      if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        removed = fs::fileError(errno, "delete " + path);
      }
    }
  }
  return removed;
}

}  // namespace weir::ha
