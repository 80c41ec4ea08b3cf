#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "common/functions/element.h"

namespace weir::functions {

/// The signals of a stream that several inputs are joined into: channels into a port, ports into an
/// operator.
///
/// Its watermark is the least of the inputs that are not idle, and never goes back; an input that
/// ended keeps the one it had, which says that time is over where all others are idle: what they
/// bring later is late, as in Flink. It is idle while every input is, and has then the largest
/// watermark of them. A barrier has come once every input has delivered it, the end once every
/// input has ended, the mark of a loop's round once every input has delivered it or ended. Task's
/// thread only.
class SignalJoin {
 public:
  explicit SignalJoin(std::uint32_t inputs) : inputs_(inputs), open_(inputs) {}

  /// What `signal`, which came on `input`, makes of the joint stream, if anything.
  std::optional<Signal> join(std::uint32_t input, const Signal& signal);
  /// What it makes of it besides; to be asked for after each answer, until there is none.
  std::optional<Signal> more() { return std::exchange(more_, std::nullopt); }
  /// Whether every input has ended.
  bool ended() const { return open_ == 0; }

 private:
  struct Input {
    std::int64_t watermark = Watermark::kNone;
    CheckpointId barrier;  // The newest that came.
    bool ended = false;
    bool idle = false;
    std::vector<LoopMark> marks{};  // The newest of each loop.
  };

  std::optional<Signal> advance(Input& input, std::int64_t time);
  std::optional<Signal> change(Input& input, bool idle);
  bool deliver(Input& input, CheckpointId checkpoint);
  std::optional<Signal> end(Input& input, const Signal& signal);
  /// The next mark of a loop, if it has come.
  std::optional<Signal> mark(std::uint32_t loop);
  /// Takes the watermark and the status from the inputs, and answers what is new.
  std::optional<Signal> settle();

  std::vector<Input> inputs_;
  std::uint32_t open_;
  std::int64_t watermark_ = Watermark::kNone;
  bool idle_ = false;
  std::optional<Signal> more_;
  std::vector<LoopMark> passed_;  // The last of each loop.
};

}  // namespace weir::functions
