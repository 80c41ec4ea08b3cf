#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/random.h"
#include "common/concurrency/executor.h"
#include "common/fs/file_system.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/ha/journal/journal_image.h"
#include "jobmanager/ha/write_queue.h"
#include "jobmanager/ha/zookeeper/election.h"
#include "jobmanager/ha/zookeeper/record_files.h"
#include "jobmanager/ha/zookeeper/record_set.h"
#include "jobmanager/ha/zookeeper/record_writer.h"
#include "jobmanager/ha/zookeeper/term_keeper.h"

namespace weir::ha {

/// `recovery.mode: zookeeper`: the store is in ZooKeeper and in a directory that all job managers
/// reach, and outlives every process.
///
/// A record that is large, and every job's graph, is a file first; then the node that points to it
/// is written, and at last the file that it pointed to before is deleted. All nodes of a write
/// change together, and with them the one that says who leads and how often it has written, which
/// must be as this leader left it. So a newer leader's is never written over; and where an answer
/// is lost the write is simply done again: once it was done, it is refused, and that node says so.
///
/// How long a write may take follows from the session: while that is this leader's own, the servers
/// are asked again and again. Each file is waited for by itself, for `patience`: one that hangs
/// costs the writes that need it, and no other. A take-over takes as long as it goes on.
///
/// Errors: kFenced once another job manager took over, and where the session is lost before anybody
/// knows whether a write was done: this leader is to end. kUnavailable, kResourceExhausted, kIo of
/// files, and kResourceExhausted for a full queue: nothing was done, and the same write may be
/// tried again.
///
/// A record that is damaged or gone costs its own job alone: a leader leaves out that job, touches
/// nothing of it, and says so. One of a newer release is refused with all others.
///
/// Threads: any; it waits on `io` alone, one operation after the other. `io` has kThreads threads,
/// and is shut down before the store goes.
class ZooKeeperJobStore final : public JobStore, private WriteQueue::Target {
 public:
  /// For what waits, for time-outs, and for files.
  static constexpr std::size_t kThreads = 3 + ParallelFiles::kMost;

  struct Settings {
    std::string directory = {};                    ///< Of files of records, for this cluster alone.
    LeaderEpoch founded_after = {};                ///< As of ClusterStorage.
    std::string holder = {};                       ///< Who we are, for people: one line.
    std::size_t most_waiting = 10'000;             ///< Writes in the queue.
    std::size_t most_inline = 16 * 1024;           ///< Bytes of a record that needs no file.
    Duration patience = std::chrono::seconds(20);  ///< With one file.
    Duration forget_after = std::chrono::seconds(5);  ///< Answers of ended jobs are gone.
  };

  /// All are borrowed.
  ZooKeeperJobStore(Settings settings,
                    Election& election,
                    fs::FileSystem& files,
                    concurrency::Executor& io,
                    Random& random);

  void beginTerm(Answer<Term> done) override;
  /// Of the term that has begun: what of some job cannot be read stays stored, and what belongs to
  /// that job is not known.
  bool leavesOut() const { return !left_out_.empty(); }
  void write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) override;

 private:
  // WriteQueue::Target, on `io`.
  Result<Term> begin() override;
  std::vector<Status> write(const WriteQueue::Writes& writes) override;
  void afterWrites() override { writer_.removeUnneeded(); }
  void forget() override;
  bool endsByItself() const override { return election_.leads(); }

  /// A write of this leader.
  struct Taken {
    std::size_t index = 0;  // Of its answer.
    const Change* change = nullptr;
    std::string record;
  };

  std::string where() const;
  Status makeNodes();
  std::optional<Error> refusal(const StoreWrite& write) const;
  Mutations mutationsOf(const std::vector<Taken>& together) const;
  void flush(std::vector<Taken> together, std::vector<Status>& answers);
  std::map<std::string, Error> writeFiles(const Mutations& mutations, RecordWriter::Nodes& nodes);
  Status apply(const Mutations& mutations, const RecordWriter::Nodes& nodes);
  void forgetLater();

  const Settings settings_;
  Election& election_;  // Borrowed, like its client and the executor.
  BlockingClient& client_;
  concurrency::Executor& io_;
  RecordFiles files_;
  RecordWriter writer_;
  TermKeeper term_;
  std::map<std::string, std::string> stored_;  // Name of a record → of its file, or empty.
  std::set<std::string> left_out_;             // Names of records that this leader does not touch.
  JournalImage image_;
  std::unique_ptr<concurrency::Executor::Timer> forget_timer_;
  WriteQueue queue_;
};

}  // namespace weir::ha
