#include "jobmanager/ha/zookeeper/zookeeper_job_store.h"

#include <algorithm>
#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"
#include "jobmanager/ha/journal/change_format.h"

namespace weir::ha {
namespace {

using zookeeper::Operation;

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
      queue_({settings_.most_waiting, settings_.patience}, io, *this) {}

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
  WEIR_RETURN_IF_ERROR(readAll());
  std::set<std::string> needed;
  for (const auto& [name, file] : stored_) {
    needed.insert(file);
  }
  if (const Status swept = files_.sweep(term_.epoch(), needed); !swept) {
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

/// The names of all records, those of jobs first.
Result<std::vector<std::string>> ZooKeeperJobStore::storedNames() {
  const zookeeper::Settings& settings = client_.settings();
  std::vector<std::string> names;
  WEIR_TRY(const auto jobs, client_.list(settings.jobs));
  for (const std::string& job : jobs) {
    names.push_back("jobs/" + job);
  }
  for (const std::string& job : jobs) {
    WEIR_TRY(const auto below, client_.list(settings.jobs + "/" + job));
    for (const std::string& name : below) {
      names.push_back("jobs/" + job + "/" + name);
    }
  }
  WEIR_TRY(const auto checkpoints, client_.list(settings.checkpoints));
  for (const std::string& job : checkpoints) {
    names.push_back("checkpoints/" + job);
  }
  WEIR_TRY(const auto operations, client_.list(operationsNode(settings)));
  for (const std::string& name : operations) {
    names.push_back("operations/" + name);
  }
  return names;
}

Status ZooKeeperJobStore::readAll() {
  WEIR_TRY(const auto names, storedNames());
  std::vector<std::pair<std::string, zookeeper::Node>> operations;
  stored_.clear();
  image_ = JournalImage();
  for (const std::string& name : names) {
    const std::string path = nodeOfRecord(client_.settings(), name);
    WEIR_TRY(zookeeper::Node node, client_.read(path));
    if (name.starts_with("operations/")) {
      operations.emplace_back(name, std::move(node));
    } else {
      WEIR_RETURN_IF_ERROR(readNode(name, node));
    }
  }
  // Answers are kept in the order in which they were given.
  std::ranges::sort(operations, {}, [](const auto& one) { return one.second.stat.changed_at; });
  for (const auto& [name, node] : operations) {
    WEIR_RETURN_IF_ERROR(readNode(name, node));
  }
  return ok();
}

Status ZooKeeperJobStore::readNode(const std::string& name, const zookeeper::Node& node) {
  const std::string what = "node " + nodeOfRecord(client_.settings(), name) + " of ZooKeeper";
  auto pointer = decodeRecordNode(node.data);
  if (!pointer) {
    return std::move(pointer).error().during(what).advise(
        "delete the node, if it is none of Weir's, or restore ZooKeeper's data");
  }
  std::string record = pointer->record;
  if (!pointer->file.empty()) {
    auto read = files_.read(*pointer);
    if (!read) {
      return std::move(read).error().during(what);
    }
    record = *std::move(read);
  }
  auto change = decodeChange(record);
  if (!change) {
    return std::move(change).error().during(what).advise(
        "run the job manager of the release that wrote it");
  }
  if (recordName(*change) != name) {
    return Error(ErrorCode::kCorruption, what + " holds the record of another one");
  }
  stored_[name] = pointer->file;
  image_.apply(*change, std::move(record));
  return ok();
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
  Mutations mutations;
  for (const auto& [name, file] : stored_) {
    if (!kept.contains(name)) {
      mutations[name] = std::nullopt;
    }
  }
  if (const Status removed = apply(mutations); !removed) {
    log::warn("what belongs to ended jobs is still in ZooKeeper",
              {{"reason", removed.error().text()}});
  }
  if (image_.hasEnded() || stored_.size() > image_.records().size()) {
    forgetLater();
  }
}

}  // namespace weir::ha
