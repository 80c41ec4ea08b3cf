#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/functions/collector.h"
#include "common/functions/feedback_channel.h"
#include "common/functions/operator_snapshot.h"
#include "common/record/batch.h"

/// What is in flight on the way back of an iteration, in bytes and in snapshots.
namespace weir::functions {

/// What a snapshot calls it, at the head and at the tail.
inline constexpr std::string_view kFeedbackState = "iteration-in-flight";
/// One element of it: records with their timestamps.
template <typename F>
using FeedbackElement = std::vector<std::pair<F, std::int64_t>>;

/// Chunks as a list state; written by any one thread.
class FrozenFeedback final : public state::FrozenState {
 public:
  FrozenFeedback(state::StateInfo info, FeedbackChunks chunks)
      : info_(std::move(info)), chunks_(std::move(chunks)) {}
  Status write(state::SectionWriter& to) const override;

 private:
  state::StateInfo info_;
  FeedbackChunks chunks_;
};

/// The bytes of a chunk.
template <typename F>
std::string encodeFeedback(const Batch<F>& batch) {
  Writer to;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    record::write<F>(batch.records[i], to);
    to.put(batch.hasTimestamps() ? batch.timestamps[i] : kNoTimestamp);
  }
  return to.str();
}
[[noreturn]] void throwDamagedFeedback();
/// The tail runs without its head in this process.
[[noreturn]] void throwNoHead(const TaskInfo& tail);
/// What is told of a head that was to be drained and whose loop goes on and on; `least`: records of
/// the round that had the fewest.
std::string describeEndless(const TaskInfo& head, std::uint64_t least);
/// Says on standard error that records came back to an iteration that had ended.
void reportLost(const TaskInfo& head, std::uint64_t records);
template <typename F>
void decodeFeedback(std::string_view bytes, std::uint64_t records, Batch<F>& into) {
  Reader from(bytes);
  bool timed = false;
  for (std::uint64_t i = 0; i < records; ++i) {
    into.records.push_back(record::read<F>(from));
    into.timestamps.push_back(from.get<std::int64_t>());
    timed = timed || into.timestamps.back() != kNoTimestamp;
  }
  if (from.failed() || from.remaining() != 0) {
    throwDamagedFeedback();
  }
  if (!timed) {
    into.timestamps.clear();
  }
}

/// Hands what falls to `task` of a snapshot to `put(bytes, records)`, chunk by chunk.
template <typename F, typename Put>
Status restoreFeedback(const OperatorRestore& restore, const TaskInfo& task, Put put) {
  WEIR_TRY(const auto elements, listElements(restore, task, kFeedbackState));
  for (const WrittenElement& one : elements) {
    WEIR_TRY(auto records, state::decodeElement<FeedbackElement<F>>(one.bytes, one.schema));
    Batch<F> batch;
    for (auto& [record, timestamp] : records) {
      batch.records.push_back(std::move(record));
      batch.timestamps.push_back(timestamp);
    }
    put(encodeFeedback(batch), batch.size());
  }
  return ok();
}

}  // namespace weir::functions
