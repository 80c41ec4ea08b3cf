#include "jobmanager/ha/zookeeper/record_set.h"

#include <string_view>

#include "common/base/overloaded.h"

namespace weir::ha {
namespace {

constexpr std::string_view kJobs = "jobs/";
constexpr std::string_view kCheckpoints = "checkpoints/";
constexpr std::string_view kOperations = "operations/";

std::string operation(std::string_view kind, OperationId id) {
  return std::string(kOperations) + std::string(kind) + "-" + id.hex();
}

std::string checkpointsRecord(JobId job) { return std::string(kCheckpoints) + job.hex(); }
std::string attemptRecord(JobId job) { return jobRecord(job) + "/attempt"; }
std::string cancelRecord(JobId job) { return jobRecord(job) + "/cancelled"; }

}  // namespace

std::string jobRecord(JobId job) { return std::string(kJobs) + job.hex(); }

std::string upgradeRecord(OperationId id) { return operation("upgrade", id); }

std::vector<std::string> recordsOfJob(JobId job) {
  return {jobRecord(job), checkpointsRecord(job), attemptRecord(job), cancelRecord(job)};
}

std::string recordName(const Change& change) {
  return std::visit(
      Overloaded{
          [](const PutJob& put) { return jobRecord(put.request.job); },
          [](const RemoveJob& /*removed*/) { return std::string(); },
          [](const PutCheckpoints& put) { return checkpointsRecord(put.job); },
          [](const DeployedAttempt& put) { return attemptRecord(put.execution.job); },
          [](const SavepointAnswer& put) { return operation("savepoint", put.operation); },
          [](const PutUpgrade& put) { return upgradeRecord(put.upgrade.request.operation); },
          [](const PutUpgradeProgress& put) { return operation("upgraded", put.operation); },
          [](const CancelJob& put) { return cancelRecord(put.job); },
          [](const StoredDisposal& put) { return operation("disposal", put.request.operation); }},
      change);
}

std::string recordName(const RecordKey& key) {
  using Kind = RecordKey::Kind;
  switch (key.kind) {
    case Kind::kJob:
      return jobRecord(key.job);
    case Kind::kCheckpoints:
      return checkpointsRecord(key.job);
    case Kind::kAttempt:
      return attemptRecord(key.job);
    case Kind::kCancel:
      return cancelRecord(key.job);
    case Kind::kSavepoint:
      return operation("savepoint", key.operation);
    case Kind::kUpgrade:
      return upgradeRecord(key.operation);
    case Kind::kUpgradeProgress:
      return operation("upgraded", key.operation);
    case Kind::kDisposal:
      return operation("disposal", key.operation);
  }
  return "";
}

std::optional<JobId> belongsTo(const Change& change) {
  if (const auto* put = std::get_if<PutCheckpoints>(&change)) {
    return put->job;
  }
  if (const auto* put = std::get_if<DeployedAttempt>(&change)) {
    return put->execution.job;
  }
  if (const auto* put = std::get_if<CancelJob>(&change)) {
    return put->job;
  }
  return std::nullopt;
}

std::string operationsNode(const zookeeper::Settings& settings) {
  return settings.root + "/operations";
}

std::string termNode(const zookeeper::Settings& settings) { return settings.root + "/term"; }
std::string clusterNode(const zookeeper::Settings& settings) { return settings.root + "/cluster"; }

std::string nodeOfRecord(const zookeeper::Settings& settings, const std::string& name) {
  if (name.starts_with(kJobs)) {
    return settings.jobs + "/" + name.substr(kJobs.size());
  }
  if (name.starts_with(kCheckpoints)) {
    return settings.checkpoints + "/" + name.substr(kCheckpoints.size());
  }
  return operationsNode(settings) + "/" + name.substr(kOperations.size());
}

}  // namespace weir::ha
