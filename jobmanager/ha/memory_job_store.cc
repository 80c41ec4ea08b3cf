#include "jobmanager/ha/job_store.h"

namespace weir::ha {

Status MemoryJobStore::checkEpoch(LeaderEpoch epoch) const {
  if (epoch == epoch_) {
    return ok();
  }
  return Error(ErrorCode::kFenced,
               "leader of epoch " + std::to_string(epoch.value()) + " writes after that of epoch " +
                   std::to_string(epoch_.value()) + " took over");
}

Result<LeaderEpoch> MemoryJobStore::takeLeadership() {
  const std::lock_guard lock(mutex_);
  epoch_ = epoch_.next();
  return epoch_;
}

Status MemoryJobStore::putJob(LeaderEpoch epoch, const runtime::SubmitRequest& job) {
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(checkEpoch(epoch));
  jobs_[job.job] = job;
  return ok();
}

Result<std::vector<runtime::SubmitRequest>> MemoryJobStore::jobs() {
  const std::lock_guard lock(mutex_);
  std::vector<runtime::SubmitRequest> all;
  for (const auto& [id, job] : jobs_) {
    all.push_back(job);
  }
  return all;
}

Status MemoryJobStore::removeJob(LeaderEpoch epoch, JobId job) {
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(checkEpoch(epoch));
  jobs_.erase(job);
  checkpoints_.erase(job);
  return ok();
}

Status MemoryJobStore::putCheckpoints(LeaderEpoch epoch,
                                      JobId job,
                                      const std::vector<CheckpointPointer>& checkpoints) {
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(checkEpoch(epoch));
  checkpoints_[job] = checkpoints;
  return ok();
}

Result<std::vector<CheckpointPointer>> MemoryJobStore::checkpoints(JobId job) {
  const std::lock_guard lock(mutex_);
  const auto found = checkpoints_.find(job);
  return found == checkpoints_.end() ? std::vector<CheckpointPointer>() : found->second;
}

Status MemoryJobStore::putOperation(LeaderEpoch epoch, const Operation& operation) {
  const std::lock_guard lock(mutex_);
  WEIR_RETURN_IF_ERROR(checkEpoch(epoch));
  if (operations_.insert_or_assign(operation.id, operation).second) {
    order_.push_back(operation.id);
    if (order_.size() > kOperations) {
      operations_.erase(order_.front());
      order_.erase(order_.begin());
    }
  }
  return ok();
}

Result<std::optional<Operation>> MemoryJobStore::operation(OperationId id) {
  const std::lock_guard lock(mutex_);
  const auto found = operations_.find(id);
  return found == operations_.end() ? std::nullopt : std::optional<Operation>(found->second);
}

}  // namespace weir::ha
