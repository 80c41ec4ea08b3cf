#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "common/base/result.h"
#include "jobmanager/ha/journal/journal_image.h"
#include "jobmanager/ha/zookeeper/blocking_client.h"
#include "jobmanager/ha/zookeeper/node_format.h"

namespace weir::ha {

/// What a leader finds when its term begins.
struct FoundRecords {
  std::map<std::string, std::string> stored;  ///< Name of a record → of its file, or empty.
  JournalImage image;
  std::set<std::string> left_out;  ///< Names of records of which nothing is to be touched.
  std::set<std::string> left_out_files;
  bool names_all_files = true;  ///< Else a record that is left out may need any file.
};

/// What a node points to.
using FileOfRecord = std::function<Result<std::string>(const RecordNode&)>;

/// Reads all records. One that is damaged or gone costs its own job alone, which is left out and
/// named in the log. `read` reads a file of `directory`; `goes_on` is told of each record.
///
/// Errors: kInvalidArgument for a record of a newer release; kUnavailable where none of the files
/// is there; those of session and files.
Result<FoundRecords> readRecords(BlockingClient& client,
                                 const std::string& directory,
                                 const FileOfRecord& read,
                                 const std::function<void()>& goes_on);

}  // namespace weir::ha
