#include "jobmanager/savepoint/heap_room.h"

#include "common/config/options.h"
#include "common/fs/digest.h"
#include "common/wire/encoding.h"
#include "jobmanager/blob/blob_store.h"
#include "jobmanager/blob/program_blobs.h"

namespace weir::jobmanager {
namespace {

std::uint64_t bytesInBlobs(const runtime::CheckpointMetadata& metadata) {
  std::uint64_t sum = 0;
  for (const runtime::SavedOperator& one : metadata.operators) {
    for (const runtime::SubtaskState& subtask : one.subtasks) {
      const bool in_blob = subtask.handle.storage == runtime::SectionHandle::Storage::kBlob;
      sum += in_blob ? subtask.handle.size : 0;
    }
  }
  return sum;
}

}  // namespace

HeapShare heapShareOf(const runtime::CheckpointMetadata& metadata,
                      const runtime::JobProgram* program) {
  HeapShare share;
  share.bytes = bytesInBlobs(metadata) + wire::encodeMetadata(metadata).size();
  if (program != nullptr) {
    share.program = blob::keysOf(program->program);
    const std::string description = wire::encodeProgram(*program);
    share.program.push_back({fs::sha256(description), description.size()});
  }
  return share;
}

Status HeapRoom::take(const HeapShare& share) {
  std::uint64_t more = share.bytes;
  std::map<std::string, std::uint64_t> fresh;
  for (const runtime::BlobKey& key : share.program) {
    if (!programs_.contains(key.sha256) && fresh.emplace(key.sha256, key.size).second) {
      more += key.size;
    }
  }
  if (bytes_ > limit_ || more > limit_ - bytes_) {
    const std::string key(config::kSavepointMaxSize.key);
    return Error(ErrorCode::kResourceExhausted,
                 "the savepoint's " + std::to_string(more) + " bytes (state, metadata" +
                     (share.program.empty() ? "" : " and program") + ") do not fit beside the " +
                     std::to_string(bytes_) + " of those on the job manager: " + key + " allows " +
                     std::to_string(limit_))
        .advise("dispose some, raise the limit, or name a directory");
  }
  bytes_ += more;
  for (const runtime::BlobKey& key : share.program) {
    Shared& shared = programs_[key.sha256];
    shared.size = key.size;
    ++shared.users;
  }
  return ok();
}

void HeapRoom::giveBack(const HeapShare& share) {
  bytes_ -= share.bytes;
  for (const runtime::BlobKey& key : share.program) {
    const auto found = programs_.find(key.sha256);
    if (found != programs_.end() && --found->second.users == 0) {
      bytes_ -= found->second.size;
      programs_.erase(found);
    }
  }
}

}  // namespace weir::jobmanager
