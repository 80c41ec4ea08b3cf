#include "jobmanager/recovery.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <limits>
#include <string_view>
#include <thread>
#include <utility>

#include <unistd.h>

#include "common/config/limit_options.h"
#include "common/config/options.h"
#include "common/config/resolve.h"
#include "common/config/zookeeper_options.h"
#include "common/daemon/daemon.h"
#include "common/daemon/machine.h"
#include "common/fs/uri.h"
#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"
#include "common/zookeeper/settings.h"
#include "jobmanager/ha/memory_job_store.h"
#include "jobmanager/ha/zookeeper/cluster_storage.h"
#include "jobmanager/job_manager_settings.h"

namespace weir::jobmanager {

namespace {

constexpr std::string_view kProcess = "the job manager of process ";

/// The process id in what Recovery::holder() has said on this machine; empty of others.
std::string processHere(std::string_view holder) {
  if (!holder.starts_with(kProcess)) {
    return "";
  }
  holder.remove_prefix(kProcess.size());
  const std::string process(holder.substr(0, holder.find(' ')));
  holder.remove_prefix(process.size());
  const bool is_number =
      !process.empty() && std::ranges::all_of(process, [](char c) { return c >= '0' && c <= '9'; });
  return is_number && holder.starts_with(" on " + daemon::hostName() + ",") ? process : "";
}

/// By a signal, or by who debugs it.
bool isStopped(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= line.size()) {
    return false;  // It has ended.
  }
  return line[name_end + 2] == 'T' || line[name_end + 2] == 't';
}

}  // namespace

Result<std::unique_ptr<Recovery>> Recovery::open(const Services& services,
                                                 std::function<void(const Error&)> lost) {
  std::unique_ptr<Recovery> recovery(new Recovery(services));  // NOLINT: private constructor.
  WEIR_TRY(const std::string directory, config::resolveRecovery(services.configuration));
  if (!directory.empty()) {
    WEIR_RETURN_IF_ERROR(recovery->openJournal(directory));
  } else if (config::usesZooKeeper(services.configuration)) {
    WEIR_RETURN_IF_ERROR(recovery->openElection(std::move(lost)));
  } else {
    recovery->store_ = std::make_unique<ha::MemoryJobStore>();
  }
  return recovery;
}

std::string Recovery::holder() const {
  const config::Configuration& configuration = services_.configuration;
  return std::string(kProcess) + std::to_string(::getpid()) + " on " + daemon::hostName() +
         ", reached at " + configuration.get(config::kJobManagerRpcAddress) + ":" +
         std::to_string(configuration.get(config::kJobManagerRpcPort));
}

ha::FileWait Recovery::fileWait(const std::string& place) const {
  return {services_.io, services_.configuration.get(config::kFilesTimeout), place};
}

Status Recovery::openJournal(const std::string& directory) {
  const config::Configuration& configuration = services_.configuration;
  ha::JournalJobStore::Settings settings;
  settings.directory = directory;
  settings.holder = holder();
  settings.most_waiting = sizeOf(configuration.get(config::kRecoveryMaxWaiting));
  settings.patience = configuration.get(config::kFilesTimeout);
  settings.most_garbage = configuration.get(config::kRecoveryMaxGarbage).bytes;
  auto opened = ha::awaitFiles(fileWait(directory), [settings, &io = services_.io] {
    return ha::JournalJobStore::open(settings, io);
  });
  if (!opened) {
    const Error why = Error(opened.error()).during(std::string(config::kRecoveryDirectory.key));
    return why.advice().empty() ? Error(why).advise("name a directory that can be written to")
                                : why;
  }
  journal_ = opened->get();
  store_ = *std::move(opened);
  WEIR_TRY(const std::string local, fs::localPath(directory));
  programs_ = fs::join(local, "blobs");
  return ok();
}

Status Recovery::openElection(std::function<void(const Error&)> lost) {
  WEIR_TRY(auto settings, zookeeper::Settings::from(services_.configuration));
  WEIR_TRY(const std::string storage, config::resolveZooKeeperStorage(services_.configuration));
  WEIR_TRY(storage_, services_.files.locate(storage));
  if (daemon::hasBegunAnew()) {  // What has worked once is waited for while it is away, however
                                 // long.
    settings.retries = std::numeric_limits<int>::max();
  } else if (const Status made = ha::awaitFiles(fileWait(storage_->uri()),
                                                [&files = services_.files, uri = storage_->uri()] {
                                                  return files.makeDirectories(uri);
                                                });
             !made) {
    return Error(made.error())
        .during(std::string(config::kZooKeeperStorage.key) + " " + storage_->uri())
        .advise("name a directory that can be written to");
  }
  election_ = std::make_unique<ha::Election>(
      std::move(settings), holder(), services_.random, std::move(lost));
  return ok();
}

Status Recovery::openStore() {
  if (store_) {
    return ok();
  }
  auto own = ha::openClusterStorage(
      election_->client(), services_.files, *storage_, services_.random, fileWait(storage_->uri()));
  if (!own) {
    return std::move(own).error().during(std::string(config::kZooKeeperStorage.key) + " " +
                                         storage_->uri());
  }
  programs_ = own->directory.child("blobs").uri();
  ha::ZooKeeperJobStore::Settings store;
  store.directory = own->directory.child("records").uri();
  store.founded_after = own->founded_after;
  store.holder = holder();
  store.most_waiting = sizeOf(services_.configuration.get(config::kRecoveryMaxWaiting));
  store.patience = services_.configuration.get(config::kFilesTimeout);
  auto made = std::make_unique<ha::ZooKeeperJobStore>(
      std::move(store), *election_, services_.files, services_.io, services_.random);
  shared_ = made.get();
  store_ = std::move(made);
  return ok();
}

Result<Recovery::Look> Recovery::lookAt(ha::JournalJobStore& journal) {
  WEIR_TRY(const bool leads, journal.tryLead());
  return Look{leads, leads ? "" : journal.holder()};
}

Result<bool> Recovery::leadsNow() {
  if (journal_ == nullptr) {
    return election_ == nullptr;
  }
  const std::string directory = services_.configuration.get(config::kRecoveryDirectory);
  WEIR_TRY(const Look look,
           ha::awaitFiles(fileWait(directory), [journal = journal_] { return lookAt(*journal); }));
  if (!look.leads) {
    log::info("waits as standby, as another job manager leads",
              {{"directory", directory},
               {"leader", look.leader},
               {"next",
                "nothing: it takes over once that process has ended. One that hangs has to be "
                "ended where it runs (kill -KILL)"}});
  }
  return look.leads;
}

Status Recovery::awaitLead(const std::stop_token& stop) {
  if (election_ == nullptr) {
    return awaitJournal(stop);
  }
  log::info("stands in line for the lead, which ZooKeeper gives",
            {{"quorum", services_.configuration.get(config::kZooKeeperQuorum)}});
  const std::stop_callback closing(stop, [this] { election_->close(); });
  const Status leads = election_->lead();
  if (stop.stop_requested()) {
    return Error(ErrorCode::kCancelled, "the job manager is stopping");
  }
  return leads;
}

Status Recovery::awaitJournal(const std::stop_token& stop) {
  constexpr std::chrono::milliseconds kLookAgain{200};
  const std::string directory = services_.configuration.get(config::kRecoveryDirectory);
  std::string warned_of;
  while (!stop.stop_requested()) {
    // One look at a time: while one hangs, the next would, too.
    WEIR_TRY(const Look look,
             ha::outwaitFiles(fileWait(directory),
                              "this standby cannot see whether another job manager leads",
                              stop,
                              [journal = journal_] { return lookAt(*journal); }));
    if (look.leads) {
      return ok();
    }
    warnOfStoppedLeader(look.leader, warned_of);
    std::this_thread::sleep_for(kLookAgain);
  }
  return Error(ErrorCode::kCancelled, "the job manager is stopping");
}

/// Once for each time that it is stopped: it leads nothing then, but keeps the lock until it ends.
void Recovery::warnOfStoppedLeader(const std::string& leader, std::string& warned_of) const {
  const std::string process = processHere(leader);
  if (process.empty() || !isStopped(process)) {
    warned_of.clear();
  } else if (std::exchange(warned_of, leader) != leader) {
    log::warn("the job manager that leads is stopped, and keeps the lead until it ends",
              {{"directory", services_.configuration.get(config::kRecoveryDirectory)},
               {"leader", leader},
               {"next",
                "let it go on (kill -CONT " + process + "), or end it (kill -KILL " + process +
                    "): then this one leads"}});
  }
}

Status Recovery::publish(const zookeeper::LeaderAddress& address) {
  return election_ == nullptr ? ok() : election_->publish(address);
}

void Recovery::keepPublished(const zookeeper::LeaderAddress& address, const std::stop_token& stop) {
  if (election_) {
    election_->keepPublished(address, stop);
  }
}

Error Recovery::leave(const Error& why, const std::stop_token& stop) {
  constexpr std::chrono::seconds kPause(3);
  const bool for_people = why.code() == ErrorCode::kInvalidArgument ||
                          why.code() == ErrorCode::kFailedPrecondition ||
                          why.code() == ErrorCode::kCorruption;
  if (!elects() || for_people) {
    return why;
  }
  if (why.code() != ErrorCode::kFenced) {
    log::error("cannot lead for now, and tries again in a while", {{"reason", why.text()}});
    close();
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop, kPause, [] { return false; });
  }
  return runtime::leaderChange(why.text());
}

void Recovery::close() {
  if (election_) {
    election_->close();
  }
}

}  // namespace weir::jobmanager
