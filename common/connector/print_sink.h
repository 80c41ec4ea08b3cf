#pragma once

#include <cstdint>
#include <string>

#include "common/functions/functions.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir {

/// Writes each record as a line to standard output or standard error of the worker, after
/// `<subtask+1>> ` when its parallelism is above 1. A line is written at once and as a whole, so
/// that lines of several subtasks do not mix (lines over 4 KiB may).
class PrintSink : public RichSinkFunction<std::string> {
 public:
  enum class Target : std::uint8_t { kStandardOutput = 1, kStandardError = 2 };
  explicit PrintSink(Target target = Target::kStandardOutput) : fd_(static_cast<int>(target)) {}

  void open(RuntimeContext& context) override;
  void invoke(const std::string& line) override;

 private:
  int fd_;
  std::string prefix_;
  std::string line_;                         // Reused.
  const RuntimeContext* context_ = nullptr;  // Of the operator, since open().
};

}  // namespace weir
