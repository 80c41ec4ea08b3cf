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
      election_(election),
      client_(election.client()),
      io_(io),
      files_(files, settings_.directory, client_.settings().root, random),
      writer_(files_, settings_.patience, io, [this] { queue_.goesOn(); }),
      term_(election,
            writer_,
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
  const auto goes_on = [this] { queue_.goesOn(); };
  const auto read = [this](const RecordNode& node) { return writer_.read(node); };
  WEIR_TRY(FoundRecords found, readRecords(client_, files_.directory(), read, goes_on));
  stored_ = std::move(found.stored);
  image_ = std::move(found.image);
  left_out_ = std::move(found.left_out);
  std::set<std::string> needed = std::move(found.left_out_files);
  for (const auto& [name, file] : stored_) {
    needed.insert(file);
  }
  if (found.names_all_files) {
    writer_.sweep(term_.epoch(), needed);
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
  std::vector<Taken> together;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (auto refused = refusal(writes[i])) {
      answers[i] = *std::move(refused);
      continue;
    }
    together.push_back({i, &writes[i].change, encodeChange(writes[i].change)});
    bytes += std::min(together.back().record.size(), settings_.most_inline);
    if (bytes > kMostBytes) {
      flush(std::exchange(together, {}), answers);
      bytes = 0;
    }
  }
  flush(std::move(together), answers);
  if (stored_.size() > image_.size() || image_.hasEnded()) {
    forgetLater();
  }
  return answers;
}

std::optional<Error> ZooKeeperJobStore::refusal(const StoreWrite& write) const {
  if (write.epoch != term_.epoch()) {
    return term_
        .fenced("that of epoch " + std::to_string(write.epoch.value()) +
                " writes after another one took over")
        .error();
  }
  const std::string name = recordName(write.change);
  if (left_out_.contains(name)) {
    return Error(ErrorCode::kFailedPrecondition, "record " + name + " is stored and was left out")
        .advise("the job manager's log says what is wrong with it");
  }
  return std::nullopt;
}

Mutations ZooKeeperJobStore::mutationsOf(const std::vector<Taken>& together) const {
  Mutations mutations;
  const auto stored = [this](const std::string& name) { return stored_.contains(name); };
  for (const Taken& one : together) {
    addMutations(*one.change, one.record, stored, mutations);
  }
  return mutations;
}

/// All of them in one multi, but those whose own file cannot be written.
void ZooKeeperJobStore::flush(std::vector<Taken> together, std::vector<Status>& answers) {
  RecordWriter::Nodes nodes;
  Mutations mutations = mutationsOf(together);
  for (auto failed = writeFiles(mutations, nodes); !failed.empty();
       failed = writeFiles(mutations, nodes)) {
    std::erase_if(together, [&](const Taken& one) {
      const auto why = failed.find(recordName(*one.change));
      if (why != failed.end()) {
        answers[one.index] = why->second;
      }
      return why != failed.end();
    });
    mutations = mutationsOf(together);  // Without what depends on those.
  }
  const Status done = apply(mutations, nodes);
  for (const auto& [name, node] : nodes) {
    // Of a write that nobody knows the end of, a node may point to it.
    const auto needed = mutations.find(name);
    if (needed == mutations.end() || !needed->second || (!done && term_.wasRefused())) {
      writer_.unneeded(node.file);
    }
  }
  for (Taken& one : together) {
    answers[one.index] = done;
    if (done) {
      image_.apply(*one.change, std::move(one.record));
    }
  }
}

/// Why, of those that are not written.
std::map<std::string, Error> ZooKeeperJobStore::writeFiles(const Mutations& mutations,
                                                           RecordWriter::Nodes& nodes) {
  std::map<std::string, std::string_view> wanted;
  for (const auto& [name, record] : mutations) {
    if (record && !nodes.contains(name) &&
        (wantsFile(name) || record->size() > settings_.most_inline)) {
      wanted.emplace(name, *record);
    }
  }
  return writer_.write(term_.epoch(), wanted, nodes);
}

/// All nodes together. The files that they point to are there; those that they pointed to before
/// are needed no more.
Status ZooKeeperJobStore::apply(const Mutations& mutations, const RecordWriter::Nodes& nodes) {
  if (mutations.empty()) {
    return ok();
  }
  std::vector<Operation> puts;
  std::vector<Operation> removals;
  for (const auto& [name, record] : mutations) {
    const std::string path = nodeOfRecord(client_.settings(), name);
    if (!record) {
      removals.insert(removals.begin(), Operation::remove(path));  // Those below others first.
      continue;
    }
    const auto file = nodes.find(name);
    const std::string bytes = encodeRecordNode(
        file != nodes.end() ? file->second
                            : RecordNode{.record = *record, .file = "", .size = 0, .checksum = 0});
    puts.push_back(stored_.contains(name) ? Operation::set(path, bytes)
                                          : Operation::create(path, bytes));
  }
  puts.insert(puts.end(), removals.begin(), removals.end());
  WEIR_RETURN_IF_ERROR(term_.commit(std::move(puts)));
  crashPoint("zookeeper-store.written");
  for (const auto& [name, record] : mutations) {
    if (const auto before = stored_.find(name);
        before != stored_.end() && !before->second.empty()) {
      writer_.unneeded(before->second);
    }
    if (!record) {
      stored_.erase(name);
    } else {
      const auto file = nodes.find(name);
      stored_[name] = file != nodes.end() ? file->second.file : "";
    }
  }
  return ok();
}

// ------------------------------------------------------------------------------------ forgetting

void ZooKeeperJobStore::forgetLater() {
  if (!forget_timer_) {
    forget_timer_ = io_.schedule(settings_.forget_after, [this] { queue_.forget(); });
  }
}

/// Removes records that the image has let go of, and the next ones after writes that wait.
void ZooKeeperJobStore::forget() {
  forget_timer_.reset();
  image_.forgetEnded();
  std::set<std::string> kept;
  for (const RecordKey& key : image_.keys()) {
    kept.insert(recordName(key));
  }
  Mutations removals;
  // From the end: what is below others goes first.
  for (auto one = stored_.rbegin(); one != stored_.rend() && removals.size() < kMostRemovals;
       ++one) {
    if (!kept.contains(one->first)) {
      removals[one->first] = std::nullopt;
    }
  }
  const bool more = removals.size() == kMostRemovals;
  const Status removed = apply(removals, {});
  if (!removed) {
    log::warn("what belongs to ended jobs is still in ZooKeeper",
              {{"reason", removed.error().text()}});
  }
  writer_.removeUnneeded();
  if (more && removed) {
    queue_.forget();
  } else if (image_.hasEnded() || stored_.size() > image_.size()) {
    forgetLater();
  }
}

}  // namespace weir::ha
