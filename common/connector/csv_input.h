#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/functions/runtime_context.h"

namespace weir {

/// How readCsvFile() reads.
struct CsvOptions {
  /// The first record of each file names the columns: the members of a struct are found by their
  /// names, in any order, and other columns are passed over; tuples go by position.
  bool header = false;
  char delimiter = ',';
  /// A longer record is an error: the quote that should end it is missing.
  std::uint64_t longest_record = 64 * 1024 * 1024;
};

/// A CSV file that is still to be read, from a record on.
struct CsvSplit {
  std::string path;
  std::uint64_t offset = 0;
  std::uint64_t line = 1;
};

namespace connector {

class CsvReader;

// Whether the whole of `text` is a number that fits.
bool parseNumber(std::string_view text, std::int64_t& into);
bool parseNumber(std::string_view text, std::uint64_t& into);
bool parseNumber(std::string_view text, double& into);
bool parseNumber(std::string_view text, float& into);

/// The untyped half of CsvSource: files, records, columns. Copied with the source before open().
/// Task's thread. Every method throws std::runtime_error that names file and line.
class CsvInput {
 public:
  /// `members`: the names of the record's members; empty where they go by position.
  CsvInput(std::string path,
           CsvOptions options,
           std::size_t width,
           std::vector<std::string> members);

  const std::string& path() const { return path_; }

  void open(RuntimeContext& context);
  /// Goes to the next record; false when there is none left.
  bool next();
  /// The text of a member in the record at hand.
  const std::string& field(std::size_t member) const;
  /// Says that a member's text is not `what` ("a number").
  [[noreturn]] void refuse(std::size_t member, std::string_view what) const;
  void close();

  std::vector<CsvSplit> snapshot() const;
  void restore(const std::vector<CsvSplit>& splits);

 private:
  void openFile();
  void readHeader();
  [[noreturn]] void refuse(const std::string& what) const;

  std::string path_;
  CsvOptions options_;
  std::size_t width_;
  std::vector<std::string> members_;
  fs::FileSystem* files_ = nullptr;  // Of the process; since open().
  bool restored_ = false;
  std::deque<CsvSplit> splits_;  // The first is open when there is a reader.
  std::vector<std::string> fields_;
  std::vector<std::size_t> columns_;  // By member.
  std::size_t expected_ = 0;          // Fields of a record in the open file.
  // Made after open(), so that copies of the function for other subtasks never share one.
  std::shared_ptr<CsvReader> reader_;
};

}  // namespace connector
}  // namespace weir
