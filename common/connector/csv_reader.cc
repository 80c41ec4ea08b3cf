#include "common/connector/csv_reader.h"

#include <algorithm>
#include <utility>

#include "common/connector/line_reader.h"

namespace weir::connector {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

}  // namespace

CsvReader::CsvReader(std::unique_ptr<fs::FileReader> file, CsvSplit split, CsvOptions options)
    : file_(std::move(file)), options_(options), next_(std::move(split)), line_(next_.line) {}

Result<std::unique_ptr<CsvReader>> CsvReader::open(fs::FileSystem& files,
                                                   const CsvSplit& split,
                                                   const CsvOptions& options) {
  WEIR_TRY(auto file, files.open(split.path));
  if (file->size() < split.offset) {
    return Error(ErrorCode::kFailedPrecondition,
                 "file " + split.path + " has " + std::to_string(file->size()) + " bytes, but " +
                     std::to_string(split.offset) + " of it were read before")
        .advise("input files must not change while a job reads them");
  }
  std::unique_ptr<CsvReader> reader(new CsvReader(std::move(file), split, options));
  if (split.offset == 0) {
    WEIR_RETURN_IF_ERROR(reader->fill());
    if (reader->buffer_.starts_with(kByteOrderMark)) {
      reader->begin_ = kByteOrderMark.size();
      reader->next_.offset = kByteOrderMark.size();
    }
  }
  return reader;
}

Result<bool> CsvReader::next(std::vector<std::string>& fields) {
  for (;;) {
    if (begin_ == buffer_.size() && atEnd()) {
      return false;
    }
    line_ = next_.line;
    WEIR_TRY(const Step step, cut(fields));
    if (step == Step::kRecord) {
      return true;
    }
    if (step == Step::kNeedsMore) {
      if (buffer_.size() - begin_ > options_.longest_record) {
        return refuse(line_,
                      "the record that begins here is longer than " +
                          std::to_string(options_.longest_record) +
                          " bytes; is a closing quote missing?");
      }
      WEIR_RETURN_IF_ERROR(fill());
    }
  }
}

bool CsvReader::atEnd() const { return next_.offset + (buffer_.size() - begin_) >= file_->size(); }

Status CsvReader::fill() {
  buffer_.erase(0, std::exchange(begin_, 0));
  const std::uint64_t from = next_.offset + buffer_.size();
  WEIR_TRY(const std::string piece,
           file_->read(from, std::min(kFilePieceBytes, file_->size() - from)));
  buffer_ += piece;
  return ok();
}

Result<CsvReader::Step> CsvReader::cut(std::vector<std::string>& fields) {
  fields.clear();
  seen_line_ = next_.line;
  std::size_t at = begin_;
  const auto endOfLine = [&]() -> std::size_t {  // Bytes of the line end at `at`; 0: there is none.
    const std::string_view rest = std::string_view(buffer_).substr(at);
    return rest.starts_with('\n') ? 1 : rest.starts_with("\r\n") ? 2 : 0;
  };
  for (;;) {
    std::string& field = fields.emplace_back();
    if (at < buffer_.size() && buffer_[at] == '"') {
      WEIR_TRY(const Step step, cutQuoted(at, field));
      if (step == Step::kNeedsMore) {
        return step;
      }
    } else {
      const std::size_t start = at;
      while (at < buffer_.size() && buffer_[at] != options_.delimiter && endOfLine() == 0) {
        if (buffer_[at] == '"') {
          return refuse(seen_line_, "a quote stands inside a field that does not begin with one");
        }
        ++at;
      }
      field = buffer_.substr(start, at - start);
    }
    if (at == buffer_.size() || (buffer_[at] == '\r' && at + 1 == buffer_.size())) {
      if (!atEnd()) {
        return Step::kNeedsMore;
      }
      if (at != buffer_.size()) {
        return refuse(seen_line_, "text follows a closing quote");
      }
    } else if (buffer_[at] == options_.delimiter) {
      ++at;
      continue;
    } else if (endOfLine() == 0) {
      return refuse(seen_line_, "text follows a closing quote");
    }
    const bool blank = at == begin_;
    if (at != buffer_.size()) {
      at += endOfLine();
      ++seen_line_;
    }
    next_.offset += at - begin_;
    next_.line = seen_line_;
    begin_ = at;
    return blank ? Step::kBlank : Step::kRecord;
  }
}

Result<CsvReader::Step> CsvReader::cutQuoted(std::size_t& at, std::string& field) {
  const std::uint64_t line = seen_line_;
  for (++at; at < buffer_.size(); ++at) {
    if (buffer_[at] == '\n') {
      ++seen_line_;
    }
    if (buffer_[at] != '"') {
      field += buffer_[at];
      continue;
    }
    if (at + 1 == buffer_.size() && !atEnd()) {
      return Step::kNeedsMore;  // Perhaps the first of two.
    }
    if (at + 1 == buffer_.size() || buffer_[at + 1] != '"') {
      ++at;
      return Step::kRecord;
    }
    field += '"';
    ++at;
  }
  if (!atEnd()) {
    return Step::kNeedsMore;
  }
  return refuse(line, "a quoted field begins here and has no closing quote");
}

Error CsvReader::refuse(std::uint64_t line, const std::string& what) const {
  return {ErrorCode::kInvalidArgument,
          "file " + next_.path + ", line " + std::to_string(line) + ": " + what};
}

}  // namespace weir::connector
