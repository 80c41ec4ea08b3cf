#pragma once

#include <cstdint>
#include <vector>

#include "common/functions/checkpointed.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

/// Numbers that are still to be emitted: next, next + step, ... `left` times.
struct SequenceRange {
  std::int64_t next = 0;
  std::uint64_t step = 1;
  std::uint64_t left = 0;
};

/// Emits the numbers from `from` to `to`, both included: subtask s of n the numbers from + s + i *
/// n. Nothing when `from` is above `to`. Its state is a list of ranges, so it restores at any
/// parallelism, each number once.
class SequenceSource : public RichSourceFunction<std::int64_t>,
                       public ListCheckpointed<SequenceRange> {
 public:
  SequenceSource(std::int64_t from, std::int64_t to) : from_(from), to_(to) {}

  void open(RuntimeContext& context) override;
  InputStatus pollNext(SourceContext<std::int64_t>& context) override;
  std::vector<SequenceRange> snapshotState(std::uint64_t checkpoint_id) override;
  void restoreState(const std::vector<SequenceRange>& ranges) override;

 private:
  std::int64_t from_;
  std::int64_t to_;
  bool restored_ = false;
  std::vector<SequenceRange> ranges_;  // The last one is being emitted.
};

}  // namespace weir
