#include "common/connector/csv_input.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/connector/csv_reader.h"
#include "common/connector/line_reader.h"
#include "common/connector/raise.h"
#include "common/fs/file_system.h"

namespace weir::connector {
namespace {

template <typename N>
bool parse(std::string_view text, N& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc() && end == text.data() + text.size();
}

/// How much of a field an error shows.
constexpr std::size_t kShownBytes = 80;

}  // namespace

bool parseNumber(std::string_view text, std::int64_t& into) { return parse(text, into); }
bool parseNumber(std::string_view text, std::uint64_t& into) { return parse(text, into); }
bool parseNumber(std::string_view text, double& into) { return parse(text, into); }
bool parseNumber(std::string_view text, float& into) { return parse(text, into); }

CsvInput::CsvInput(std::string path,
                   CsvOptions options,
                   std::size_t width,
                   std::vector<std::string> members)
    : path_(std::move(path)), options_(options), width_(width), members_(std::move(members)) {}

void CsvInput::open(RuntimeContext& context) {
  files_ = context.task().files;
  if (restored_ || context.isCheck()) {
    return;
  }
  const auto whole =
      orRaise(splitsOf(*files_,
                       {path_},
                       /*recursive=*/false,
                       static_cast<std::uint32_t>(context.getIndexOfThisSubtask()),
                       static_cast<std::uint32_t>(context.getNumberOfParallelSubtasks()),
                       kWholeFiles));
  for (const FileSplit& file : whole) {
    splits_.push_back({file.path, 0, 1});
  }
}

void CsvInput::openFile() {
  columns_.clear();
  expected_ = width_;
  for (std::size_t i = 0; i < width_; ++i) {
    columns_.push_back(i);
  }
  if (!options_.header) {
    reader_ = orRaise(CsvReader::open(*files_, splits_.front(), options_));
    return;
  }
  reader_ = orRaise(CsvReader::open(*files_, {splits_.front().path, 0, 1}, options_));
  readHeader();
  if (splits_.front().offset > 0) {  // A restored source goes on behind records that it has read.
    reader_ = orRaise(CsvReader::open(*files_, splits_.front(), options_));
  }
}

void CsvInput::readHeader() {
  if (!orRaise(reader_->next(fields_)) || members_.empty()) {
    return;
  }
  expected_ = fields_.size();
  for (std::size_t i = 0; i < members_.size(); ++i) {
    const auto found = std::find(fields_.begin(), fields_.end(), members_[i]);
    if (found == fields_.end()) {
      refuse("the header names no column '" + members_[i] + "'");
    }
    columns_[i] = static_cast<std::size_t>(found - fields_.begin());
  }
}

bool CsvInput::next() {
  while (!splits_.empty()) {
    if (reader_ == nullptr) {
      openFile();
    }
    if (!orRaise(reader_->next(fields_))) {
      reader_.reset();
      splits_.pop_front();
      continue;
    }
    if (fields_.size() != expected_) {
      refuse("the record has " + std::to_string(fields_.size()) + " fields, and " +
             std::to_string(expected_) + " are expected");
    }
    return true;
  }
  return false;
}

const std::string& CsvInput::field(std::size_t member) const { return fields_[columns_[member]]; }

void CsvInput::refuse(std::size_t member, std::string_view what) const {
  const std::string& text = field(member);
  refuse("column " + std::to_string(columns_[member] + 1) +
         (members_.empty() ? "" : " ('" + members_[member] + "')") + ": '" +
         text.substr(0, kShownBytes) + (text.size() > kShownBytes ? "...' is not " : "' is not ") +
         std::string(what));
}

void CsvInput::refuse(const std::string& what) const {
  raise(Error(ErrorCode::kInvalidArgument,
              "file " + reader_->position().path + ", line " + std::to_string(reader_->line()) +
                  ": " + what));
}

void CsvInput::close() { reader_.reset(); }

std::vector<CsvSplit> CsvInput::snapshot() const {
  std::vector<CsvSplit> left(splits_.begin(), splits_.end());
  if (reader_ != nullptr) {
    left.front() = reader_->position();
  }
  return left;
}

void CsvInput::restore(const std::vector<CsvSplit>& splits) {
  restored_ = true;
  splits_.assign(splits.begin(), splits.end());
}

}  // namespace weir::connector
