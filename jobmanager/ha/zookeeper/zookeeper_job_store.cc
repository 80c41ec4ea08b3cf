#include "jobmanager/ha/zookeeper/zookeeper_job_store.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"
#include "jobmanager/ha/journal/change_format.h"
#include "jobmanager/ha/zookeeper/found_records.h"

namespace weir::ha {
namespace {

using zookeeper::Operation;

constexpr std::size_t kMostRemovals = 200;      // Of one multi.
constexpr std::size_t kMostBytes = 400 * 1024;  // Of records in nodes, of one multi.

/// Graphs and programs' configurations are no pointers, however small.
bool wantsFile(const std::string& name) {
  return (name.starts_with("jobs/") && name.find('/', 5) == std::string::npos) ||
         name.starts_with("operations/upgrade-");
}

}  // namespace

ZooKeeperJobStore::ZooKeeperJobStore(Settings settings,
                                     Election& election,
                                     fs::FileSystem& files,
                                     concurrency::Executor& io,
                                     Random& random)
    : settings_(std::move(settings)),
      client_(election.client()),
      io_(io),
      files_(files, settings_.directory, client_.settings().root, random),
      term_(election,
            files_,
            {termNode(client_.settings()), settings_.holder, settings_.founded_after},
            random),
      queue_({.most_waiting = settings_.most_waiting, .patience = settings_.patience},
             {where(),
              "ZooKeeper, or recovery.zookeeper.storageDir, is too slow for so many jobs",
              where() + " have not"},
             io,
             *this) {}

void ZooKeeperJobStore::beginTerm(Answer<Term> done) { queue_.begin(std::move(done)); }

void ZooKeeperJobStore::write(LeaderEpoch epoch, Change change, Answer<std::monostate> done) {
  if (auto* put = std::get_if<PutJob>(&change); put != nullptr && put->submitted_millis == 0) {
    put->submitted_millis = toEpochMillis(SystemClock().wallNow());
  }
  queue_.write({epoch, std::move(change), std::move(done)});
}

std::string ZooKeeperJobStore::where() const {
  return "ZooKeeper at " + client_.settings().quorum + " and " + files_.directory();
}

// ------------------------------------------------------------------------------------ take-over

Result<Term> ZooKeeperJobStore::begin() {
  WEIR_RETURN_IF_ERROR(makeNodes());
  WEIR_RETURN_IF_ERROR(term_.raise());
  crashPoint("zookeeper-store.epoch-raised");
  WEIR_TRY(FoundRecords found, readRecords(client_, files_));
  stored_ = std::move(found.stored);
  image_ = std::move(found.image);
  left_out_ = std::move(found.left_out);
  std::set<std::string> needed = std::move(found.left_out_files);
  for (const auto& [name, file] : stored_) {
    needed.insert(file);
  }
  const Status swept = found.names_all_files ? files_.sweep(term_.epoch(), needed) : ok();
  if (!swept) {
    log::warn("what an earlier leader may have left was not removed",
              {{"reason", swept.error().text()}});
  }
  if (image_.hasEnded()) {
    forgetLater();
  }
  return image_.term(term_.epoch());
}

Status ZooKeeperJobStore::makeNodes() {
  const zookeeper::Settings& settings = client_.settings();
  WEIR_RETURN_IF_ERROR(client_.make(settings.jobs));
  WEIR_RETURN_IF_ERROR(client_.make(settings.checkpoints));
  return client_.make(operationsNode(settings));
}

// --------------------------------------------------------------------------------------- writes

/// Those of the newest leader, so many together as one multi takes.
std::vector<Status> ZooKeeperJobStore::write(const WriteQueue::Writes& writes) {
  std::vector<Status> answers(writes.size(), ok());
  std::vector<std::pair<std::size_t, std::string>> together;  // With their records.
  Mutations mutations;
  std::size_t bytes = 0;
  const auto flush = [&] {
    const Status done = apply(mutations);
    for (auto& [index, record] : together) {
      answers[index] = done;
      if (done) {
        image_.apply(writes[index].change, std::move(record));
      }
    }
    together.clear();
    mutations.clear();
    bytes = 0;
  };
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (writes[i].epoch != term_.epoch()) {
      answers[i] = term_.fenced("that of epoch " + std::to_string(writes[i].epoch.value()) +
                                " writes after another one took over");
      continue;
    }
    if (left_out_.contains(recordName(writes[i].change))) {
      answers[i] = Error(ErrorCode::kFailedPrecondition,
                         "record " + recordName(writes[i].change) + " is stored and was left out")
                       .advise("the job manager's log says what is wrong with it");
      continue;
    }
    std::string record = encodeChange(writes[i].change);
    const auto stored = [this](const std::string& name) { return stored_.contains(name); };
    addMutations(writes[i].change, record, stored, mutations);
    bytes += std::min(record.size(), settings_.most_inline);
    together.emplace_back(i, std::move(record));
    if (bytes > kMostBytes) {
      flush();
    }
  }
  flush();
  if (stored_.size() > image_.records().size() || image_.hasEnded()) {
    forgetLater();
  }
  return answers;
}

/// Files first, then all nodes together, then files that nobody points to any more.
Status ZooKeeperJobStore::apply(const Mutations& mutations) {
  if (mutations.empty()) {
    return ok();
  }
  std::vector<Operation> puts;
  std::vector<Operation> removals;
  std::map<std::string, std::string> files;  // Of records that are put.
  std::vector<std::string> made;
  std::vector<std::string> old;
  for (const auto& [name, record] : mutations) {
    const std::string path = nodeOfRecord(client_.settings(), name);
    const auto before = stored_.find(name);
    if (before != stored_.end() && !before->second.empty()) {
      old.push_back(before->second);
    }
    if (!record) {
      removals.insert(removals.begin(), Operation::remove(path));  // Those below others first.
      continue;
    }
    RecordNode node{.record = *record, .file = "", .size = 0, .checksum = 0};
    if (wantsFile(name) || record->size() > settings_.most_inline) {
      auto written = files_.write(term_.epoch(), *record);
      if (!written) {
        removeFiles(made);
        return std::move(written).error();
      }
      node = *std::move(written);
      made.push_back(node.file);
      crashPoint("zookeeper-store.file-written");
    }
    files[name] = node.file;
    puts.push_back(before != stored_.end() ? Operation::set(path, encodeRecordNode(node))
                                           : Operation::create(path, encodeRecordNode(node)));
  }
  puts.insert(puts.end(), removals.begin(), removals.end());
  if (Status committed = term_.commit(std::move(puts)); !committed) {
    if (term_.wasRefused()) {  // Else a node may point to them.
      removeFiles(made);
    }
    return committed;
  }
  crashPoint("zookeeper-store.written");
  for (const auto& [name, record] : mutations) {
    if (record) {
      stored_[name] = files[name];
    } else {
      stored_.erase(name);
    }
  }
  removeFiles(old);
  return ok();
}

void ZooKeeperJobStore::removeFiles(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (const Status removed = files_.remove(name); !removed) {
      log::warn("a file of the store of jobs stays until the next leader sweeps",
                {{"reason", removed.error().text()}});
    }
  }
  if (!names.empty()) {
    crashPoint("zookeeper-store.files-removed");
  }
}

// ------------------------------------------------------------------------------------ forgetting

void ZooKeeperJobStore::forgetLater() {
  if (!forget_timer_) {
    forget_timer_ = io_.schedule(settings_.forget_after, [this] { queue_.forget(); });
  }
}

/// Removes the records that the image has let go of.
void ZooKeeperJobStore::forget() {
  forget_timer_.reset();
  image_.forgetEnded();
  std::set<std::string> kept;
  for (const std::string_view record : image_.records()) {
    if (const auto change = decodeChange(record)) {
      kept.insert(recordName(*change));
    }
  }
  std::vector<Mutations> chunks(1);
  for (const auto& [name, file] : stored_) {
    if (!kept.contains(name)) {
      if (chunks.back().size() == kMostRemovals) {
        chunks.emplace_back();
      }
      chunks.back()[name] = std::nullopt;
    }
  }
  for (auto chunk = chunks.rbegin(); chunk != chunks.rend();
       ++chunk) {  // What is below others first.
    if (const Status removed = apply(*chunk); !removed) {
      log::warn("what belongs to ended jobs is still in ZooKeeper",
                {{"reason", removed.error().text()}});
      break;
    }
  }
  if (image_.hasEnded() || stored_.size() > image_.records().size()) {
    forgetLater();
  }
}

}  // namespace weir::ha
