#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/functions/element.h"

namespace weir::functions {

/// The signals of a stream that several inputs are joined into: channels into a port, ports into an
/// operator.
///
/// Its watermark is the least of all inputs' and never goes back; an input that ended keeps the one
/// it had. A barrier has come once every input has delivered it, the end once every input has
/// ended. Task's thread only.
class SignalJoin {
 public:
  explicit SignalJoin(std::uint32_t inputs) : inputs_(inputs), open_(inputs) {}

  /// What `signal`, which came on `input`, makes of the joint stream, if anything.
  std::optional<Signal> join(std::uint32_t input, const Signal& signal);
  /// Whether every input has ended.
  bool ended() const { return open_ == 0; }

 private:
  struct Input {
    std::int64_t watermark = Watermark::kNone;
    CheckpointId barrier;  // The newest that came.
    bool ended = false;
  };

  bool advance(Input& input, std::int64_t time);
  bool deliver(Input& input, CheckpointId checkpoint);

  std::vector<Input> inputs_;
  std::uint32_t open_;
  std::int64_t watermark_ = Watermark::kNone;
};

}  // namespace weir::functions
