#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/zookeeper/settings.h"
#include "jobmanager/ha/change.h"
#include "jobmanager/ha/journal/journal_image.h"

/// Changes as records with names: "jobs/<id>", "jobs/<id>/attempt", "operations/savepoint-<id>".
/// Pure functions.
namespace weir::ha {

/// The records that a write puts in place of earlier ones, by name; none: it removes the record.
using Mutations = std::map<std::string, std::optional<std::string>>;

/// The name of the record that holds the change; empty for one that only removes.
std::string recordName(const Change& change);
std::string recordName(const RecordKey& key);
/// Its job is stored with jobs alone: without it, it changes nothing.
std::optional<JobId> belongsTo(const Change& change);
std::string jobRecord(JobId job);
std::string upgradeRecord(OperationId operation);
/// All names that records of a job may have, those below others last.
std::vector<std::string> recordsOfJob(JobId job);

/// The node of a record.
std::string nodeOfRecord(const zookeeper::Settings& settings, const std::string& name);
/// Nodes that others are children of.
std::string operationsNode(const zookeeper::Settings& settings);
std::string termNode(const zookeeper::Settings& settings);
std::string clusterNode(const zookeeper::Settings& settings);

/// Adds what `change`, which was encoded as `record`, does to records of which `has` says whether
/// they are stored.
template <typename Has>
void addMutations(const Change& change, std::string record, const Has& has, Mutations& to) {
  const auto stored = [&](const std::string& name) {
    const auto found = to.find(name);
    return found != to.end() ? found->second.has_value() : has(name);
  };
  const auto remove = [&](const std::string& name) {
    if (has(name)) {
      to[name] = std::nullopt;
    } else {
      to.erase(name);
    }
  };
  if (const auto* removed = std::get_if<RemoveJob>(&change)) {
    for (const std::string& name : recordsOfJob(removed->job)) {
      remove(name);
    }
    return;
  }
  const auto job = belongsTo(change);
  if (job && !stored(jobRecord(*job))) {
    return;
  }
  if (const auto* progress = std::get_if<PutUpgradeProgress>(&change)) {
    const std::string begun = upgradeRecord(progress->operation);
    if (progress->progress.step == UpgradeStep::kAnswered) {
      remove(begun);
    } else if (!stored(begun)) {
      return;
    }
  }
  to[recordName(change)] = std::move(record);
}

}  // namespace weir::ha
