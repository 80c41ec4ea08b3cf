#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/unique_fd.h"
#include "common/concurrency/executor.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/ha/journal/change_format.h"
#include "jobmanager/ha/journal/disk.h"
#include "jobmanager/ha/journal/journal_directory.h"
#include "jobmanager/ha/journal/journal_image.h"
#include "jobmanager/ha/write_queue.h"

namespace weir::ha {

/// `recovery.mode: filesystem`: the store is a journal in a directory, and outlives every process.
///
/// A write is answered with ok when its record is on the disk and nobody else led when it got
/// there. Writes that come while others are on their way share one append and one sync. The state
/// is written anew, in place of the old file, when the file has grown too long for it, and some
/// time after a job has ended, so that nothing of it is left.
///
/// Errors: kFenced once another job manager took over; kResourceExhausted for a full disk, which
/// leaves no half record, and for a full queue; kIo. The same write may be tried again after both.
/// A disk that takes nothing more for longer than `patience` is answered with kFenced, once for
/// all: nobody knows what it has taken. Threads: any; files are touched on `io` alone, one
/// operation after the other, and `io` has a second thread for time-outs. The store outlives the
/// shutdown of `io`.
class JournalJobStore final : public JobStore, private WriteQueue::Target {
 public:
  struct Settings {
    std::string directory = {};
    std::string holder = {};                          ///< Who we are, for who waits: one line.
    std::size_t most_waiting = 10'000;                ///< Writes in the queue.
    std::uint64_t most_garbage = 4 << 20;             ///< Bytes that the file may have too many.
    Duration patience = std::chrono::seconds(20);     ///< With a piece for the disk.
    Duration forget_after = std::chrono::seconds(5);  ///< An ended job is gone from the file.
  };

  /// Errors as JournalDirectory::open().
  static Result<std::unique_ptr<JournalJobStore>> open(Settings settings,
                                                       concurrency::Executor& io,
                                                       Disk* disk = nullptr);
  ~JournalJobStore() override;

  /// Before the first term: false while another process leads; holder() says who.
  Result<bool> tryLead();
  std::string holder() const { return directory_.holder(); }

  void beginTerm(Answer<Term> done) override;
  void write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) override;

 private:
  JournalJobStore(Settings settings,
                  JournalDirectory directory,
                  concurrency::Executor& io,
                  Disk* disk);

  using Changes = std::vector<std::pair<const Change*, std::string>>;  // With their records.

  // WriteQueue::Target, on `io`.
  Result<Term> begin() override;
  std::vector<Status> write(const WriteQueue::Writes& writes) override;
  void afterWrites() override;
  void forget() override;

  // Likewise on `io`:
  Status readNewest();
  Status keep(const WriteQueue::Writes& writes);
  Status append(const Changes& changes);
  Status writeAnew();
  Status writeFile(const UniqueFd& file, const std::string& path, const std::string& bytes);
  void forgetLater();
  Error fenced(LeaderEpoch epoch) const;

  const Settings settings_;
  concurrency::Executor& io_;  // Borrowed, like a disk that is handed in.
  Disk own_disk_;
  Disk& disk_;

  // Of the queue's calls.
  JournalDirectory directory_;
  JournalImage image_;
  LeaderEpoch epoch_;
  JournalName name_;
  UniqueFd file_;              // None: it has to be written anew before the next record.
  std::uint64_t end_ = 0;      // Of its last record.
  std::uint64_t garbage_ = 0;  // Bytes that were appended since it was written anew.
  std::uint64_t most_garbage_;
  std::unique_ptr<concurrency::Executor::Timer> forget_timer_;

  WriteQueue queue_;
};

}  // namespace weir::ha
