#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "common/base/random.h"
#include "common/concurrency/executor.h"
#include "common/config/configuration.h"
#include "common/fs/file_system.h"
#include "common/fs/location.h"
#include "common/zookeeper/leader_address.h"
#include "jobmanager/blob/adopted_files.h"
#include "jobmanager/ha/awaited_files.h"
#include "jobmanager/ha/job_store.h"
#include "jobmanager/ha/journal/journal_job_store.h"
#include "jobmanager/ha/zookeeper/election.h"
#include "jobmanager/ha/zookeeper/zookeeper_job_store.h"

namespace weir::jobmanager {

/// What `recovery.mode` chooses: where jobs are stored, and who leads.
///
/// Threads: waiting for leadership, publish() and keepPublished() from one; leads() and close()
/// from any; the rest after leadership was won.
class Recovery final : public blob::AdoptedFiles::Owner {
 public:
  static constexpr std::size_t kThreads = ha::ZooKeeperJobStore::kThreads;

  struct Services {
    const config::Configuration& configuration;
    fs::FileSystem& files;
    concurrency::Executor& io;  ///< Has kThreads threads, and is shut down before.
    Random& random;
  };

  /// `lost`: on any thread, leadership that was won by election is over. Errors: kInvalidArgument
  /// and kIo for options and directories that cannot work.
  static Result<std::unique_ptr<Recovery>> open(const Services& services,
                                                std::function<void(const Error&)> lost);
  ~Recovery() override { close(); }
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  /// Jobs outlive this process.
  bool keepsJobs() const { return journal_ != nullptr || election_ != nullptr; }
  /// How files are waited for until there is a dispatcher.
  ha::FileWait fileWait(const std::string& place) const;
  /// Several job managers stand for election; others answer calls meanwhile.
  bool elects() const { return election_ != nullptr; }

  /// Whether we lead, without waiting for it.
  Result<bool> leadsNow();
  /// Waits until we lead. kCancelled after `stop`, or close().
  Status awaitLead(const std::stop_token& stop);
  /// Once we lead, before all below. kIo and other codes of the storage for now; kInvalidArgument
  /// for what is none of Weir's.
  Status openStore();
  ha::JobStore& store() { return *store_; }
  /// Where the next job manager finds the programs of jobs; empty where there is none.
  const std::string& programs() const { return programs_; }
  /// Of the term that has begun: some job cannot be read, and what belongs to it is not known.
  bool leavesOut() const override { return shared_ != nullptr && shared_->leavesOut(); }
  /// Whether orders may still be given, by all that is known just now.
  bool leads() const override { return election_ == nullptr || election_->leads(); }

  Status publish(const zookeeper::LeaderAddress& address);
  /// As Election's; at once where there is no election.
  void keepPublished(const zookeeper::LeaderAddress& address, const std::stop_token& stop);
  /// We led, and cannot go on: what to end with. Where job managers are elected that is a change of
  /// the leader, after a while in which others may do better, as storage that is away comes back;
  /// what is configured wrongly or damaged is for people.
  Error leave(const Error& why, const std::stop_token& stop);
  /// Lets the next one lead. Idempotent.
  void close();

 private:
  /// A look at the directory of a journal.
  struct Look {
    bool leads = false;
    std::string leader;  // Else: who does, as it says of itself.
  };
  static Result<Look> lookAt(ha::JournalJobStore& journal);

  explicit Recovery(const Services& services) : services_(services) {}
  Status openJournal(const std::string& directory);
  Status openElection(std::function<void(const Error&)> lost);
  Status awaitJournal(const std::stop_token& stop);
  void warnOfStoppedLeader(const std::string& leader, std::string& warned_of) const;
  std::string holder() const;

  const Services services_;
  std::string programs_;
  ha::JournalJobStore* journal_ = nullptr;  // The store, where it is one.
  std::unique_ptr<ha::Election> election_;
  std::optional<fs::Location> storage_;      // Of all clusters, where there is an election.
  ha::ZooKeeperJobStore* shared_ = nullptr;  // The store, where it is one.
  std::unique_ptr<ha::JobStore> store_;
};

}  // namespace weir::jobmanager
