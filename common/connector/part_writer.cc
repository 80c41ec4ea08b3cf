#include "common/connector/part_writer.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <map>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/crash_point.h"
#include "common/base/unique_fd.h"
#include "common/base/utf8.h"
#include "common/connector/local_files.h"
#include "common/connector/raise.h"
#include "common/connector/write_all.h"
#include "common/fs/uri.h"

namespace weir::connector {
namespace {

constexpr std::string_view kProgress = ".in-progress-";  // With the job in hex.
constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::size_t kMostOpen = 64;      // Files; one more closes the oldest.
constexpr std::size_t kMostBucket = 1024;  // Bytes of a bucket's name.

void check(Status status) {
  if (!status) {
    raise(status.error());
  }
}

void checkBucket(const std::string& bucket) {
  const auto refuse = [&bucket](const std::string& why) {
    raise(Error(ErrorCode::kInvalidArgument, "the bucket '" + escaped(bucket) + "' " + why)
              .advise("let the function of FileSink::withBuckets() name a path below the sink's, "
                      "such as 2026-11-27/eu"));
  };
  if (bucket.size() > kMostBucket) {
    refuse("has " + std::to_string(bucket.size()) + " bytes, more than " +
           std::to_string(kMostBucket));
  }
  for (std::size_t begin = 0; begin <= bucket.size() && !bucket.empty();) {
    const std::size_t end = std::min(bucket.find('/', begin), bucket.size());
    const std::string_view part = std::string_view(bucket).substr(begin, end - begin);
    if (part.empty() || part.starts_with('.') || part.find('\0') != std::string_view::npos) {
      refuse("has a part that is empty, hidden, or no name");
    }
    begin = end + 1;
  }
}

/// Makes a directory with those above it; each new one is there after a crash, too.
void makeDirectories(const std::string& path) {
  if (orRaise(lookAt(path))) {
    return;  // What is no directory is told of by who puts a file into it.
  }
  const std::string parent = fs::parentOf(path);
  if (parent != path) {
    makeDirectories(parent);
  }
  check(makeDirectory(path));
  check(syncDirectory(parent));
}

/// The attempt and the subtask in the name of a transaction's directory; nothing for other names.
std::optional<std::pair<std::uint64_t, std::uint64_t>> ownerIn(std::string_view name) {
  std::uint64_t numbers[3] = {};
  const char* at = name.data();
  const char* const end = at + name.size();
  for (std::uint64_t& number : numbers) {
    const auto [stop, error] = std::from_chars(at, end, number);
    const bool last = &number == &numbers[2];
    if (error != std::errc() || (last ? stop != end : stop == end || *stop != '-')) {
      return std::nullopt;
    }
    at = stop + 1;
  }
  return std::pair(numbers[0], numbers[1]);
}

/// rename() that replaces nothing, as errno.
int renameTo(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  // The file system does not know the flag.
  return ::link(from.c_str(), to.c_str()) == 0 && ::unlink(from.c_str()) == 0 ? 0 : errno;
}

/// Gives a file its name, unless somebody has done so.
void commitFile(const PartFile& file) {
  const int cause = renameTo(file.temporary, file.committed);
  if (cause == 0) {
    return;
  }
  if (cause == ENOENT && orRaise(lookAt(file.committed))) {
    return;  // It was committed before.
  }
  Error error = systemError(cause, "commit " + file.temporary + " as " + file.committed);
  raise(
      cause == ENOENT || cause == EEXIST
          ? std::move(error).advise(
                "let nothing but its job touch the files of a sink; bring the file back, or start "
                "without the state of this sink")
          : std::move(error));
}

/// A file that rows are added to.
struct OpenPart {
  UniqueFd file;
  PartFile names;
  std::string rows;  // Not written yet.
  std::uint64_t bytes = 0;
  std::chrono::steady_clock::time_point since;
};

void flush(OpenPart& part) {
  check(writeAll(part.file.get(), part.rows, part.names.temporary));
  part.rows.clear();
}

void close(PartFiles& transaction, OpenPart& part) {
  flush(part);
  check(syncFile(part.file.get(), part.names.temporary));
  part.file = UniqueFd();
  transaction.files.push_back(part.names);
}

/// Removes what is left of a transaction. What is not named by us stays, and the directories around
/// it.
void removeTransaction(const std::string& directory) {
  if (!ownerIn(fs::nameOf(directory)) ||
      !fs::nameOf(fs::parentOf(directory)).starts_with(kProgress)) {
    return;
  }
  for (const std::string& name : orRaise(namesIn(directory))) {
    const std::string path = fs::join(directory, name);
    if (isNumber(name) && ::unlink(path.c_str()) != 0 && errno != ENOENT) {
      raise(systemError(errno, "remove " + path));
    }
  }
  ::rmdir(directory.c_str());
  ::rmdir(fs::parentOf(directory).c_str());  // When it was the last one.
}

}  // namespace

struct PartWriter::Impl {
  OpenPart& openIn(PartFiles& transaction, const std::string& bucket);

  const std::string path;
  const std::string job;  // In hex.
  const std::uint64_t attempt;
  const std::uint32_t subtask;
  const std::uint32_t subtasks;
  const RollingPolicy policy;
  const std::string progress;            // Where what is not committed lies.
  std::map<std::string, OpenPart> open;  // By bucket.
  std::uint64_t transactions = 0;
  std::uint64_t parts = 0;
};

PartWriter::PartWriter(const std::string& path,
                       const functions::TaskInfo& task,
                       RollingPolicy policy) {
  const std::string local = orRaise(fs::localPath(fs::absolutePath(path)));
  impl_.reset(new Impl{local,
                       task.job.hex(),
                       task.attempt.value(),
                       task.subtask,
                       task.parallelism,
                       policy,
                       fs::join(local, std::string(kProgress) + task.job.hex()),
                       {}});
}

PartWriter::~PartWriter() = default;

PartFiles PartWriter::begin() {
  const std::string name = std::to_string(impl_->attempt) + "-" + std::to_string(impl_->subtask) +
                           "-" + std::to_string(++impl_->transactions);
  return {fs::join(impl_->progress, name), {}};
}

OpenPart& PartWriter::Impl::openIn(PartFiles& transaction, const std::string& bucket) {
  if (const auto found = open.find(bucket); found != open.end()) {
    return found->second;
  }
  checkBucket(bucket);
  if (open.size() == kMostOpen) {
    const auto oldest =
        std::ranges::min_element(open, {}, [](const auto& one) { return one.second.since; });
    close(transaction, oldest->second);
    open.erase(oldest);
  }
  makeDirectories(transaction.directory);
  const std::string number = std::to_string(++parts);
  const std::string name =
      "part-" + job + "-" + std::to_string(attempt) + "-" + std::to_string(subtask) + "-" + number;
  OpenPart part;
  part.names = {fs::join(transaction.directory, number),
                fs::join(bucket.empty() ? path : fs::join(path, bucket), name)};
  part.file =
      UniqueFd(::open(part.names.temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!part.file) {
    raise(systemError(errno, "create " + part.names.temporary));
  }
  part.since = std::chrono::steady_clock::now();
  return open.emplace(bucket, std::move(part)).first->second;
}

void PartWriter::write(PartFiles& transaction, const std::string& bucket, std::string_view row) {
  OpenPart& part = impl_->openIn(transaction, bucket);
  part.rows += row;
  part.bytes += row.size();
  if (part.rows.size() >= kBufferBytes) {
    flush(part);
  }
  if (part.bytes >= impl_->policy.most_bytes ||
      std::chrono::steady_clock::now() - part.since >= impl_->policy.most_age) {
    close(transaction, part);
    impl_->open.erase(bucket);
  }
}

void PartWriter::prepare(PartFiles& transaction) {
  for (auto& [bucket, part] : impl_->open) {
    close(transaction, part);
  }
  impl_->open.clear();
  if (!transaction.files.empty()) {
    check(syncDirectory(transaction.directory));
  }
}

void PartWriter::commit(const PartFiles& transaction) {
  std::vector<std::string> directories;
  for (const PartFile& file : transaction.files) {
    const std::string directory = fs::parentOf(file.committed);
    if (std::ranges::find(directories, directory) == directories.end()) {
      makeDirectories(directory);
      directories.push_back(directory);
    }
    commitFile(file);
    crashPoint("commit.named");
  }
  for (const std::string& directory : directories) {
    check(syncDirectory(directory));
  }
  removeTransaction(transaction.directory);
}

/// Of another job's, from whose snapshot this one was restored, only that job knows whether it
/// still writes to it.
void PartWriter::abort(const PartFiles& transaction) {
  impl_->open.clear();
  if (fs::parentOf(transaction.directory) == impl_->progress) {
    removeTransaction(transaction.directory);
  }
}

void PartWriter::removeLeft() {
  for (const std::string& name : orRaise(namesIn(impl_->progress))) {
    const auto owner = ownerIn(name);
    if (owner && owner->first < impl_->attempt &&
        owner->second % impl_->subtasks == impl_->subtask) {
      removeTransaction(fs::join(impl_->progress, name));
    }
  }
}

}  // namespace weir::connector
