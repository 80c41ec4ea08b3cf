#include "jobmanager/ha/zookeeper/found_records.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/telemetry/log.h"
#include "jobmanager/ha/journal/change_format.h"
#include "jobmanager/ha/zookeeper/record_set.h"

namespace weir::ha {
namespace {

/// As it was found.
struct Stored {
  std::string name;
  zookeeper::Node node;
  std::string file;
  std::string record;
  std::optional<Change> change;  // None: it cannot be read.
};

/// The name of the job's record, of what is stored by the id of a job; else empty.
std::string jobRecordBeside(const std::string& name) {
  constexpr std::string_view kJobs = "jobs/";
  constexpr std::string_view kCheckpoints = "checkpoints/";
  if (name.starts_with(kCheckpoints)) {
    return std::string(kJobs) + name.substr(kCheckpoints.size());
  }
  return name.starts_with(kJobs) ? name.substr(0, name.find('/', kJobs.size())) : "";
}

/// What one record has; else storage is away, or a newer release's.
bool costsOneJob(const Error& error) {
  return error.code() == ErrorCode::kCorruption || error.code() == ErrorCode::kNotFound;
}

/// The names of all records, those of jobs first.
Result<std::vector<std::string>> storedNames(BlockingClient& client,
                                             const std::function<void()>& goes_on) {
  const zookeeper::Settings& settings = client.settings();
  std::vector<std::string> names;
  WEIR_TRY(const auto jobs, client.list(settings.jobs));
  for (const std::string& job : jobs) {
    names.push_back("jobs/" + job);
  }
  for (const std::string& job : jobs) {
    WEIR_TRY(const auto below, client.list(settings.jobs + "/" + job));
    for (const std::string& name : below) {
      names.push_back("jobs/" + job + "/" + name);
    }
    goes_on();
  }
  WEIR_TRY(const auto checkpoints, client.list(settings.checkpoints));
  for (const std::string& job : checkpoints) {
    names.push_back("checkpoints/" + job);
  }
  WEIR_TRY(const auto operations, client.list(operationsNode(settings)));
  for (const std::string& name : operations) {
    names.push_back("operations/" + name);
  }
  return names;
}

Status readNode(const zookeeper::Settings& settings, const FileOfRecord& file, Stored& stored) {
  const std::string what = "node " + nodeOfRecord(settings, stored.name) + " of ZooKeeper";
  auto pointer = decodeRecordNode(stored.node.data);
  if (!pointer) {
    return std::move(pointer).error().during(what).advise(
        "delete the node, if it is none of Weir's, or restore ZooKeeper's data");
  }
  stored.record = pointer->record;
  stored.file = pointer->file;
  if (!pointer->file.empty()) {
    auto read = file(*pointer);
    if (!read) {
      return std::move(read).error().during(what);
    }
    stored.record = *std::move(read);
  }
  auto change = decodeChange(stored.record);
  if (!change) {
    return std::move(change).error().during(what).advise(
        "run the job manager of the release that wrote it");
  }
  if (recordName(*change) != stored.name) {
    return Error(ErrorCode::kCorruption, what + " holds the record of another one");
  }
  stored.change = *std::move(change);
  return ok();
}

/// With all that belongs to the same job.
void leaveOut(FoundRecords& found, const std::string& name, const Error& why) {
  const std::string job = jobRecordBeside(name);
  found.left_out.insert(name);
  if (!job.empty()) {
    found.left_out.insert(job);
  }
  log::error(job.empty() ? "an operation's answer cannot be read and is left out"
                         : "a job cannot be read and is left out, and nothing of it is touched",
             {{"record", name}, {"reason", why.text()}});
}

bool isLeftOut(const FoundRecords& found, const Stored& record) {
  if (!record.change || found.left_out.contains(jobRecordBeside(record.name))) {
    return true;
  }
  const auto job = belongsTo(*record.change);
  return job && found.left_out.contains(jobRecord(*job));
}

/// Answers are kept in the order in which they were given.
void take(std::vector<Stored> records, FoundRecords& found) {
  const auto operations = std::ranges::find_if(
      records, [](const Stored& one) { return one.name.starts_with("operations/"); });
  std::ranges::sort(
      operations, records.end(), {}, [](const Stored& one) { return one.node.stat.changed_at; });
  for (Stored& one : records) {
    if (isLeftOut(found, one)) {
      found.left_out.insert(one.name);
      found.left_out_files.insert(one.file);
      found.names_all_files = found.names_all_files && (one.change || !one.file.empty());
      continue;
    }
    found.stored[one.name] = one.file;
    found.image.apply(*one.change, std::move(one.record));
  }
}

}  // namespace

Result<FoundRecords> readRecords(BlockingClient& client,
                                 const std::string& directory,
                                 const FileOfRecord& read,
                                 const std::function<void()>& goes_on) {
  WEIR_TRY(const auto names, storedNames(client, goes_on));
  FoundRecords found;
  std::vector<Stored> records;
  std::size_t with_file = 0;
  std::size_t missing = 0;
  for (const std::string& name : names) {
    Stored& one = records.emplace_back();
    one.name = name;
    WEIR_TRY(one.node, client.read(nodeOfRecord(client.settings(), name)));
    const Status done = readNode(client.settings(), read, one);
    if (!done && !costsOneJob(done.error())) {
      return Error(done.error());
    }
    if (!done) {
      leaveOut(found, name, done.error());
      missing += done.error().code() == ErrorCode::kNotFound ? 1 : 0;
    }
    with_file += one.file.empty() ? 0 : 1;
    goes_on();
  }
  if (missing > 0 && missing == with_file) {
    return Error(ErrorCode::kUnavailable,
                 "none of the " + std::to_string(missing) +
                     " files that ZooKeeper points to is in " + directory)
        .advise("mount what recovery.zookeeper.storageDir lies on, or delete the nodes below " +
                client.settings().jobs);
  }
  take(std::move(records), found);
  return found;
}

}  // namespace weir::ha
