#include "jobmanager/ha/journal/journal_image.h"

#include <algorithm>
#include <utility>

#include "common/base/overloaded.h"

namespace weir::ha {

void JournalImage::apply(const Change& change, std::string record) {
  std::visit(
      Overloaded{[&](const PutJob& put) { jobs_[put.request.job].put = std::move(record); },
                 [&](const RemoveJob& removed) { ended_ = jobs_.erase(removed.job) > 0 || ended_; },
                 [&](const PutCheckpoints& put) {
                   if (auto found = jobs_.find(put.job); found != jobs_.end()) {
                     found->second.checkpoints = std::move(record);
                   }
                 },
                 [&](const DeployedAttempt& put) {
                   if (auto found = jobs_.find(put.execution.job); found != jobs_.end()) {
                     found->second.attempt = std::move(record);
                   }
                 },
                 [&](const SavepointAnswer& answer) {
                   std::erase_if(answers_, [&](const Answer& one) {
                     return one.operation == answer.operation;
                   });
                   answers_.push_back({answer.operation, answer.job, std::move(record)});
                   if (answers_.size() > kSavepoints) {
                     answers_.pop_front();
                   }
                   ended_ = ended_ || !jobs_.contains(answer.job);
                 },
                 [&](const PutUpgrade& put) {
                   upgrades_.push_back({put.upgrade.request.operation, std::move(record), {}});
                 },
                 [&](const PutUpgradeProgress& put) { apply(put, std::move(record)); },
                 [&](const CancelJob& cancelled) {
                   if (auto found = jobs_.find(cancelled.job); found != jobs_.end()) {
                     found->second.cancel = std::move(record);
                   }
                 },
                 [&](const StoredDisposal& put) { apply(put, std::move(record)); }},
      change);
}

void JournalImage::apply(const PutUpgradeProgress& put, std::string record) {
  const bool answered = put.progress.step == UpgradeStep::kAnswered;
  auto found = std::ranges::find(upgrades_, put.operation, &Upgrade::operation);
  if (found == upgrades_.end()) {
    if (!answered) {
      return;
    }
    found = upgrades_.insert(upgrades_.end(), {put.operation, {}, {}});
  }
  found->progress = std::move(record);
  if (answered) {
    found->put.clear();
    found->answered = true;
    ended_ = true;
  }
}

void JournalImage::apply(const StoredDisposal& disposal, std::string record) {
  const OperationId operation = disposal.request.operation;
  std::erase_if(disposals_, [&](const Disposal& one) { return one.operation == operation; });
  disposals_.push_back({operation, std::move(record), disposal.answer.has_value()});
  ended_ = ended_ || disposal.answer;
}

void JournalImage::forgetEnded() {
  std::erase_if(answers_, [this](const Answer& one) { return !jobs_.contains(one.job); });
  std::erase_if(upgrades_, [](const Upgrade& one) { return one.stayed; });
  std::erase_if(disposals_, [](const Disposal& one) { return one.stayed; });
  ended_ = false;
  const auto stay = [this](auto& one) {
    one.stayed = one.answered;
    ended_ = ended_ || one.answered;
  };
  std::ranges::for_each(upgrades_, stay);
  std::ranges::for_each(disposals_, stay);
}

std::vector<std::string_view> JournalImage::records() const {
  std::vector<std::string_view> records;
  for (const auto& [id, job] : jobs_) {
    records.push_back(job.put);
    if (!job.checkpoints.empty()) {
      records.push_back(job.checkpoints);
    }
    if (!job.attempt.empty()) {
      records.push_back(job.attempt);
    }
    if (!job.cancel.empty()) {
      records.push_back(job.cancel);
    }
  }
  for (const Answer& answer : answers_) {
    records.push_back(answer.record);
  }
  for (const Upgrade& upgrade : upgrades_) {
    if (!upgrade.put.empty()) {
      records.push_back(upgrade.put);
    }
    if (!upgrade.progress.empty()) {
      records.push_back(upgrade.progress);
    }
  }
  for (const Disposal& disposal : disposals_) {
    records.push_back(disposal.record);
  }
  return records;
}

std::vector<RecordKey> JournalImage::keys() const {
  using Kind = RecordKey::Kind;
  std::vector<RecordKey> keys;
  for (const auto& [id, job] : jobs_) {
    keys.push_back({.kind = Kind::kJob, .job = id});
    if (!job.checkpoints.empty()) {
      keys.push_back({.kind = Kind::kCheckpoints, .job = id});
    }
    if (!job.attempt.empty()) {
      keys.push_back({.kind = Kind::kAttempt, .job = id});
    }
    if (!job.cancel.empty()) {
      keys.push_back({.kind = Kind::kCancel, .job = id});
    }
  }
  for (const Answer& answer : answers_) {
    keys.push_back({.kind = Kind::kSavepoint, .operation = answer.operation});
  }
  for (const Upgrade& upgrade : upgrades_) {
    if (!upgrade.put.empty()) {
      keys.push_back({.kind = Kind::kUpgrade, .operation = upgrade.operation});
    }
    if (!upgrade.progress.empty()) {
      keys.push_back({.kind = Kind::kUpgradeProgress, .operation = upgrade.operation});
    }
  }
  for (const Disposal& disposal : disposals_) {
    keys.push_back({.kind = Kind::kDisposal, .operation = disposal.operation});
  }
  return keys;
}

std::size_t JournalImage::size() const {
  std::size_t size = answers_.size() + disposals_.size();
  for (const auto& [id, job] : jobs_) {
    size += 1 + (job.checkpoints.empty() ? 0 : 1) + (job.attempt.empty() ? 0 : 1) +
            (job.cancel.empty() ? 0 : 1);
  }
  for (const Upgrade& upgrade : upgrades_) {
    size += (upgrade.put.empty() ? 0 : 1) + (upgrade.progress.empty() ? 0 : 1);
  }
  return size;
}

std::uint64_t JournalImage::bytes() const {
  std::uint64_t bytes = 0;
  for (const std::string_view record : records()) {
    bytes += record.size();
  }
  return bytes;
}

Result<Term> JournalImage::term(LeaderEpoch epoch) const {
  Term term;
  term.epoch = epoch;
  for (const auto& [id, job] : jobs_) {
    StoredJob stored;
    WEIR_TRY(Change put, decodeChange(job.put));
    stored.request = std::move(std::get<PutJob>(put).request);
    stored.submitted_millis = std::get<PutJob>(put).submitted_millis;
    if (!job.checkpoints.empty()) {
      WEIR_TRY(Change checkpoints, decodeChange(job.checkpoints));
      stored.checkpoints = std::move(std::get<PutCheckpoints>(checkpoints).checkpoints);
    }
    if (!job.attempt.empty()) {
      WEIR_TRY(Change attempt, decodeChange(job.attempt));
      stored.attempt = std::move(std::get<DeployedAttempt>(attempt));
    }
    stored.cancelled = !job.cancel.empty();
    term.jobs.push_back(std::move(stored));
  }
  for (const Answer& answer : answers_) {
    WEIR_TRY(Change change, decodeChange(answer.record));
    term.savepoints.push_back(std::move(std::get<SavepointAnswer>(change)));
  }
  for (const Upgrade& one : upgrades_) {
    StoredUpgrade upgrade;
    if (!one.put.empty()) {
      WEIR_TRY(Change put, decodeChange(one.put));
      upgrade = std::move(std::get<PutUpgrade>(put).upgrade);
    }
    upgrade.request.operation = one.operation;
    if (!one.progress.empty()) {
      WEIR_TRY(Change progress, decodeChange(one.progress));
      upgrade.progress = std::move(std::get<PutUpgradeProgress>(progress).progress);
    }
    term.upgrades.push_back(std::move(upgrade));
  }
  for (const Disposal& one : disposals_) {
    WEIR_TRY(Change change, decodeChange(one.record));
    term.disposals.push_back(std::move(std::get<StoredDisposal>(change)));
  }
  return term;
}

}  // namespace weir::ha
