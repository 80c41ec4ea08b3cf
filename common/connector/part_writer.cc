#include "common/connector/part_writer.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "common/base/crash_point.h"
#include "common/base/utf8.h"
#include "common/connector/local_files.h"
#include "common/connector/part_store.h"
#include "common/connector/raise.h"
#include "common/connector/remote_files.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"

namespace weir::connector {
namespace {

constexpr std::string_view kProgress = ".in-progress-";  // With the job in hex.
constexpr std::size_t kBufferBytes = 64 * 1024;
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

/// A file that rows are added to.
struct OpenPart {
  std::unique_ptr<PartStore::File> file;
  PartFile names;
  std::string rows;  // Not written yet.
  std::uint64_t bytes = 0;
  std::chrono::steady_clock::time_point since;
};

void flush(OpenPart& part) {
  check(part.file->append(part.rows));
  part.rows.clear();
}

void close(PartFiles& transaction, OpenPart& part) {
  flush(part);
  check(part.file->close());
  part.file.reset();
  transaction.files.push_back(part.names);
}

/// Removes what is left of a transaction. What is not named by us stays, and the directories around
/// it.
void removeTransaction(PartStore& store, const std::string& directory) {
  if (!ownerIn(fs::nameOf(directory)) ||
      !fs::nameOf(fs::parentOf(directory)).starts_with(kProgress)) {
    return;
  }
  for (const std::string& name : orRaise(store.names(directory))) {
    if (isNumber(name)) {
      check(store.remove(fs::join(directory, name)));
    }
  }
  store.removeDirectory(directory);
  store.removeDirectory(fs::parentOf(directory));  // When it was the last one.
}

/// The directory as states and messages name it.
std::string spelled(const std::string& path) {
  return isRemote(path) ? orRaise(fs::Location::parse(path)).uri()
                        : orRaise(fs::localPath(fs::absolutePath(path)));
}

}  // namespace

struct PartWriter::Impl {
  OpenPart& openIn(PartFiles& transaction, const std::string& bucket);
  /// Whether it was begun by another attempt, which may have been killed amid its commit.
  bool isRestored(const PartFiles& transaction) const {
    const auto owner = ownerIn(fs::nameOf(transaction.directory));
    return fs::parentOf(transaction.directory) != progress || !owner || owner->first != attempt;
  }

  const std::unique_ptr<PartStore> store;
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
  const std::string directory = spelled(path);
  impl_.reset(new Impl{isRemote(path) ? PartStore::remote(*task.files) : PartStore::local(),
                       directory,
                       task.job.hex(),
                       task.attempt.value(),
                       task.subtask,
                       task.parallelism,
                       policy,
                       fs::join(directory, std::string(kProgress) + task.job.hex()),
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
  if (open.size() == store->mostOpen()) {
    const auto oldest =
        std::ranges::min_element(open, {}, [](const auto& one) { return one.second.since; });
    close(transaction, oldest->second);
    open.erase(oldest);
  }
  const std::string number = std::to_string(++parts);
  const std::string name =
      "part-" + job + "-" + std::to_string(attempt) + "-" + std::to_string(subtask) + "-" + number;
  OpenPart part;
  part.names = {fs::join(transaction.directory, number),
                fs::join(bucket.empty() ? path : fs::join(path, bucket), name)};
  part.file = orRaise(store->create(part.names.temporary));
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
    check(impl_->store->keepDirectory(transaction.directory));
  }
}

void PartWriter::commit(const PartFiles& transaction) {
  std::vector<std::string> directories;
  for (const PartFile& file : transaction.files) {
    const std::string directory = fs::parentOf(file.committed);
    if (std::ranges::find(directories, directory) == directories.end()) {
      directories.push_back(directory);
    }
    check(impl_->store->publish(file));
    crashPoint("commit.named");
  }
  for (const std::string& directory : directories) {
    check(impl_->store->keepDirectory(directory));
  }
  if (impl_->isRestored(transaction)) {
    impl_->store->removeUnfinished(transaction.files);
  }
  removeTransaction(*impl_->store, transaction.directory);
}

/// Of another job's, from whose snapshot this one was restored, only that job knows whether it
/// still writes to it.
void PartWriter::abort(const PartFiles& transaction) {
  impl_->open.clear();
  if (fs::parentOf(transaction.directory) == impl_->progress) {
    removeTransaction(*impl_->store, transaction.directory);
  }
}

void PartWriter::removeLeft() {
  for (const std::string& name : orRaise(impl_->store->names(impl_->progress))) {
    const auto owner = ownerIn(name);
    if (owner && owner->first < impl_->attempt &&
        owner->second % impl_->subtasks == impl_->subtask) {
      removeTransaction(*impl_->store, fs::join(impl_->progress, name));
    }
  }
}

}  // namespace weir::connector
