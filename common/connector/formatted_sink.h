#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/checkpointed.h"
#include "common/functions/functions.h"
#include "common/functions/rich_function.h"
#include "common/functions/runtime_context.h"

namespace weir::connector {

/// A sink of any T, made of a sink of lines and of a function that appends a record's text:
/// FormattedSink<T, PrintSink, &api::appendText<T>>.
template <typename T, typename Lines, void (*kAppend)(std::string&, const T&)>
class FormattedSink : public RichSinkFunction<T> {
 public:
  explicit FormattedSink(Lines lines) : lines_(std::move(lines)) {}

  void open(RuntimeContext& context) override { lines_.open(context); }
  void invoke(const T& value) override {
    line_.clear();
    kAppend(line_, value);
    lines_.invoke(line_);
  }
  void endInput() override { lines_.endInput(); }
  void close() override { lines_.close(); }

 protected:
  Lines lines_;

 private:
  std::string line_;  // Reused.
};

/// The same over a sink of lines that has list state and takes part in checkpoints (TextFileSink).
template <typename T, typename Lines, void (*kAppend)(std::string&, const T&)>
class FormattedStatefulSink : public FormattedSink<T, Lines, kAppend>,
                              public ListCheckpointed<typename Lines::Element>,
                              public CheckpointListener,
                              public FinishListener {
 public:
  using FormattedSink<T, Lines, kAppend>::FormattedSink;

  const std::string& outputPath() const { return this->lines_.outputPath(); }
  std::vector<typename Lines::Element> snapshotState(std::uint64_t checkpoint_id) override {
    return this->lines_.snapshotState(checkpoint_id);
  }
  void restoreState(const std::vector<typename Lines::Element>& elements) override {
    this->lines_.restoreState(elements);
  }
  void notifyCheckpointComplete(std::uint64_t checkpoint_id) override {
    this->lines_.notifyCheckpointComplete(checkpoint_id);
  }
  void notifyFinished() override { this->lines_.notifyFinished(); }
};

}  // namespace weir::connector
