#include "common/connector/file_source.h"

#include <algorithm>
#include <utility>

#include "common/connector/line_reader.h"
#include "common/connector/raise.h"
#include "common/fs/file_system.h"

namespace weir {
namespace {

constexpr std::uint64_t kLinesPerPoll = 64;

}  // namespace

FileSource::FileSource(std::string path) : paths_{std::move(path)} {}
FileSource::FileSource(std::vector<std::string> paths) : paths_(std::move(paths)) {}

FileSource& FileSource::recursive(bool enabled) {
  recursive_ = enabled;
  return *this;
}

FileSource& FileSource::recordsPerSecond(double records) {
  rate_ = records;
  return *this;
}

void FileSource::open(RuntimeContext& context) {
  const auto parallelism = static_cast<std::uint32_t>(context.getNumberOfParallelSubtasks());
  pace_ = Pace(rate_ / parallelism);
  files_ = context.task().files;
  if (restored_ || context.isCheck()) {
    return;
  }
  auto splits = connector::orRaise(
      connector::splitsOf(*files_,
                          paths_,
                          recursive_,
                          static_cast<std::uint32_t>(context.getIndexOfThisSubtask()),
                          parallelism));
  splits_.assign(std::make_move_iterator(splits.begin()), std::make_move_iterator(splits.end()));
}

InputStatus FileSource::pollNext(SourceContext<std::string>& context) {
  const std::uint64_t limit = pace_.limited()
                                  ? std::min(kLinesPerPoll, pace_.allowed(SteadyTime::clock::now()))
                                  : kLinesPerPoll;
  std::uint64_t lines = 0;
  while (lines < limit && !splits_.empty()) {
    if (reader_ == nullptr) {
      reader_ = connector::orRaise(connector::LineReader::open(*files_, splits_.front()));
    }
    if (const auto line = connector::orRaise(reader_->next())) {
      context.collect(std::string(*line));
      ++lines;
    } else {
      reader_.reset();
      splits_.pop_front();
    }
  }
  pace_.emitted(lines);
  if (splits_.empty()) {
    return InputStatus::kEndOfInput;
  }
  if (limit == 0) {
    context.pollAgainAt(pace_.nextAt());
    return InputStatus::kNothingAvailable;
  }
  return InputStatus::kMoreAvailable;
}

void FileSource::close() { reader_.reset(); }

std::vector<FileSplit> FileSource::snapshotState(std::uint64_t /*checkpoint_id*/) {
  std::vector<FileSplit> left(splits_.begin(), splits_.end());
  if (reader_ != nullptr) {
    left.front().offset = reader_->position();
  }
  return left;
}

void FileSource::restoreState(const std::vector<FileSplit>& splits) {
  restored_ = true;
  splits_.assign(splits.begin(), splits.end());
}

}  // namespace weir
