#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/connector/csv_input.h"
#include "common/fs/file_system.h"

namespace weir::connector {

/// Reads the records of a CSV file as RFC 4180 has them: fields in double quotes may hold
/// delimiters, line ends and doubled quotes; a record ends with "\n" or "\r\n". Lines without a
/// byte are passed over. One thread.
///
/// Errors: as of the file system, and kInvalidArgument naming file and line.
class CsvReader {
 public:
  /// Begins where `split` says. A byte order mark at the start of the file is passed over.
  static Result<std::unique_ptr<CsvReader>> open(fs::FileSystem& files,
                                                 const CsvSplit& split,
                                                 const CsvOptions& options);

  /// Replaces `fields` by the next record's; false at the end of the file.
  Result<bool> next(std::vector<std::string>& fields);
  /// Where the record after the last one begins.
  const CsvSplit& position() const { return next_; }
  /// The line in which the last record begins.
  std::uint64_t line() const { return line_; }

 private:
  enum class Step { kRecord, kBlank, kNeedsMore };

  CsvReader(std::unique_ptr<fs::FileReader> file, CsvSplit split, CsvOptions options);
  /// Cuts one record from the buffer, or says that it does not hold the whole of it.
  Result<Step> cut(std::vector<std::string>& fields);
  Result<Step> cutQuoted(std::size_t& at, std::string& field);
  Status fill();
  bool atEnd() const;
  Error refuse(std::uint64_t line, const std::string& what) const;

  std::unique_ptr<fs::FileReader> file_;
  CsvOptions options_;
  CsvSplit next_;
  std::uint64_t line_ = 1;
  std::uint64_t seen_line_ = 1;  // While a record is cut.
  std::string buffer_;           // From next_.offset on, but for begin_ bytes.
  std::size_t begin_ = 0;
};

}  // namespace weir::connector
