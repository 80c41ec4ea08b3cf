#include "jobmanager/ha/journal/journal_job_store.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/crash_point.h"
#include "common/fs/local_entries.h"
#include "common/fs/local_file_system.h"
#include "common/telemetry/log.h"
#include "jobmanager/ha/journal/journal_file.h"

namespace weir::ha {
namespace {

constexpr std::uint64_t kMostJournalBytes = std::uint64_t{4} << 30;
constexpr std::size_t kMostTogether = 1000;  // Writes that share one sync.

}  // namespace

Result<std::unique_ptr<JournalJobStore>> JournalJobStore::open(Settings settings,
                                                               concurrency::Executor& io,
                                                               Disk* disk) {
  WEIR_TRY(auto directory, JournalDirectory::open(settings.directory));
  return std::unique_ptr<JournalJobStore>(
      new JournalJobStore(std::move(settings), std::move(directory), io, disk));
}

JournalJobStore::JournalJobStore(Settings settings,
                                 JournalDirectory directory,
                                 concurrency::Executor& io,
                                 Disk* disk)
    : settings_(std::move(settings)),
      io_(io),
      disk_(disk == nullptr ? own_disk_ : *disk),
      directory_(std::move(directory)),
      most_garbage_(settings_.most_garbage),
      queue_({settings_.most_waiting, kMostTogether, settings_.patience},
             {"the journal (recovery.filesystem.max-waiting)",
              "the disk of recovery.filesystem.dir is too slow for so many jobs",
              "the journal in " + directory_.path() + " has not"},
             io,
             *this) {}

JournalJobStore::~JournalJobStore() = default;

Result<bool> JournalJobStore::tryLead() { return directory_.tryLock(settings_.holder); }

// ----------------------------------------------------------------------------------- the queue

void JournalJobStore::beginTerm(Answer<Term> done) { queue_.begin(std::move(done)); }

void JournalJobStore::write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) {
  if (auto* put = std::get_if<PutJob>(&change); put != nullptr && put->submitted_millis == 0) {
    put->submitted_millis = toEpochMillis(SystemClock().wallNow());
  }
  queue_.write({epoch, std::move(change), std::move(done)});
}

// ------------------------------------------------------------------------------------ take-over

Result<Term> JournalJobStore::begin() {
  if (!directory_.locked()) {
    WEIR_TRY(const bool locked, tryLead());
    if (!locked) {
      return Error(ErrorCode::kUnavailable,
                   "another job manager leads on " + directory_.path() + ": " + holder());
    }
  }
  WEIR_TRY(const auto files, directory_.journals());
  if (files.empty() && directory_.epoch() == LeaderEpoch()) {  // Nothing was ever stored here.
    name_ = {};
    WEIR_RETURN_IF_ERROR(writeAnew());
    crashPoint("journal.founded");
  }
  WEIR_RETURN_IF_ERROR(directory_.raiseEpoch(files.empty() ? LeaderEpoch() : files.front().epoch));
  crashPoint("journal.epoch-raised");
  epoch_ = directory_.epoch();
  WEIR_RETURN_IF_ERROR(readNewest());
  name_ = {epoch_, 0};
  WEIR_RETURN_IF_ERROR(writeAnew());
  if (image_.hasEnded()) {
    forgetLater();
  }
  return image_.term(epoch_);
}

Status JournalJobStore::readNewest() {
  WEIR_TRY(const auto files, directory_.journals());
  if (files.empty()) {
    return Error(ErrorCode::kCorruption,
                 "the journal in " + directory_.path() + " is gone: epoch " +
                     std::to_string(epoch_.value()) + " follows an earlier one")
        .advise(
            "put the file journal-* back, or name another recovery.filesystem.dir and start the "
            "jobs from their last checkpoints (weir run -s PATH PROGRAM)");
  }
  const std::string path = directory_.pathOf(files.front());
  fs::LocalFileSystem local;
  WEIR_TRY(const auto file, local.openNoLink(path));
  WEIR_TRY(const std::string bytes,
           readPieces(*file, path, kMostJournalBytes, [this] { queue_.goesOn(); }));
  WEIR_TRY(const JournalContents contents, parseJournal(bytes, path));
  if (contents.end < bytes.size()) {
    log::warn("the journal ends in a record that was not finished, and nobody was told is stored",
              {{"path", path}, {"bytes", bytes.size() - contents.end}});
  }
  image_ = JournalImage();
  for (const std::string_view record : contents.records) {
    auto change = decodeChange(record);
    if (!change) {
      return std::move(change)
          .error()
          .during("read journal " + path)
          .advise("run the job manager of the release that wrote it");
    }
    image_.apply(*change, std::string(record));
  }
  return ok();
}

// --------------------------------------------------------------------------------------- writes

Error JournalJobStore::fenced(LeaderEpoch epoch) const {
  return {ErrorCode::kFenced,
          epoch != epoch_
              ? "leader of epoch " + std::to_string(epoch.value()) +
                    " writes after that of epoch " + std::to_string(epoch_.value()) + " took over"
              : "another process took over " + directory_.path() + " after epoch " +
                    std::to_string(epoch.value())};
}

/// Those of the newest leader.
std::vector<Status> JournalJobStore::write(const WriteQueue::Writes& writes) {
  const Status kept = keep(writes);
  std::vector<Status> answers;
  answers.reserve(writes.size());
  for (const StoreWrite& one : writes) {
    answers.push_back(one.epoch == epoch_ ? kept : Status(fenced(one.epoch)));
  }
  return answers;
}

/// Those of this epoch.
Status JournalJobStore::keep(const WriteQueue::Writes& writes) {
  Changes changes;
  for (const StoreWrite& one : writes) {
    if (one.epoch == epoch_) {
      changes.emplace_back(&one.change, encodeChange(one.change));
    }
  }
  if (!changes.empty()) {
    WEIR_RETURN_IF_ERROR(append(changes));
  }
  for (auto& [change, record] : changes) {
    image_.apply(*change, std::move(record));
  }
  return ok();
}

void JournalJobStore::afterWrites() {
  if (garbage_ > most_garbage_ && garbage_ > image_.bytes()) {
    const Status anew = writeAnew();
    most_garbage_ = anew ? settings_.most_garbage : garbage_ + settings_.most_garbage;
    if (!anew) {
      log::warn("the journal was not made shorter", {{"reason", anew.error().text()}});
    }
  }
  if (image_.hasEnded()) {
    forgetLater();
  }
}

/// All of them or none.
Status JournalJobStore::append(const Changes& changes) {
  if (!file_) {
    WEIR_RETURN_IF_ERROR(writeAnew());
  }
  std::string bytes;
  for (const auto& [change, record] : changes) {
    if (record.size() > kMostRecordBytes) {
      return Error(ErrorCode::kResourceExhausted,
                   "a record of " + std::to_string(record.size()) +
                       " bytes is too large for the journal in " + directory_.path());
    }
    appendRecord(bytes, end_ + bytes.size(), record);
  }
  const std::string path = directory_.pathOf(name_);
  Status done = writePieces(disk_, file_.get(), end_, bytes, path, [this] { queue_.goesOn(); });
  if (done) {
    crashPoint("journal.written");
    done = disk_.sync(file_.get(), path);
  }
  if (!done) {
    // What the kernel dropped once, a second sync reports as written: such a file is given up.
    const bool synced_before = disk_.truncate(file_.get(), end_, path).has_value() &&
                               disk_.sync(file_.get(), path).has_value();
    if (!synced_before || done.error().code() != ErrorCode::kResourceExhausted) {
      file_.reset();
    }
    return done;
  }
  crashPoint("journal.synced");
  if (!directory_.leads()) {
    return fenced(epoch_);
  }
  end_ += bytes.size();
  garbage_ += bytes.size();
  return ok();
}

/// Writes all that is known as the next file.
Status JournalJobStore::writeAnew() {
  const JournalName next{name_.epoch, name_.number + 1};
  JournalImage shorter = image_;
  shorter.forgetEnded();
  std::string bytes;
  for (const std::string_view record : shorter.records()) {
    appendRecord(bytes, journalHeaderBytes() + bytes.size(), record);
  }
  bytes.insert(0, journalHeader(next.epoch, bytes.size()));
  const std::string path = directory_.pathOf(next);
  const std::string temporary = directory_.temporaryOf(next);
  UniqueFd file(::open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) {
    return fs::fileError(errno, "create " + temporary);
  }
  if (Status written = writeFile(file, temporary, bytes); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (!directory_.leads()) {
    ::unlink(temporary.c_str());
    return fenced(epoch_);
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary.c_str());
    return fs::fileError(error, "create " + path);
  }
  crashPoint("journal.named");
  name_ = next;  // From here on the file of this name is the one that counts.
  file_.reset();
  WEIR_RETURN_IF_ERROR(directory_.sync());
  crashPoint("journal.durable");
  if (const Status removed = directory_.removeOlder(name_); !removed) {
    return removed;
  }
  crashPoint("journal.older-removed");
  file_ = std::move(file);
  end_ = bytes.size();
  garbage_ = 0;
  image_ = std::move(shorter);
  return ok();
}

Status JournalJobStore::writeFile(const UniqueFd& file,
                                  const std::string& path,
                                  const std::string& bytes) {
  WEIR_RETURN_IF_ERROR(writePieces(disk_, file.get(), 0, bytes, path, [this] { queue_.goesOn(); }));
  crashPoint("journal.snapshot-written");
  WEIR_RETURN_IF_ERROR(disk_.sync(file.get(), path));
  crashPoint("journal.snapshot-synced");
  return ok();
}

// ------------------------------------------------------------------------------------ forgetting

void JournalJobStore::forgetLater() {
  if (!forget_timer_) {
    forget_timer_ = io_.schedule(settings_.forget_after, [this] { queue_.forget(); });
  }
}

void JournalJobStore::forget() {
  forget_timer_.reset();
  if (const Status anew = writeAnew(); !anew && anew.error().code() != ErrorCode::kFenced) {
    log::warn("an ended job is still in the journal", {{"reason", anew.error().text()}});
    forgetLater();
  } else if (image_.hasEnded()) {
    forgetLater();
  }
}

}  // namespace weir::ha
