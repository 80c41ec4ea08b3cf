#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/hdfs/name_nodes.h"
#include "common/http/http_client.h"
#include "common/http/retry.h"

namespace weir::hdfs {

/// What WebHDFS tells of a file or directory.
struct FileStatus {
  enum class Type : std::uint8_t { kFile, kDirectory, kLink };
  std::string name;  ///< Empty where a path was asked for.
  Type type = Type::kFile;
  std::uint64_t length = 0;
  std::int64_t modified_millis = 0;
  std::uint64_t id = 0;  ///< Of the inode: never used twice.
};

/// The operations of WebHDFS on one file system.
///
/// Finds the active name node and stays with it until it stands by or does not answer. Redirects to
/// data nodes are followed once and asked for anew when they lead nowhere. Repeats what may come
/// right; an operation whose answer was lost may have happened, and its repetition says how it
/// finds things. Threads: any. Errors: kNotFound, kFailedPrecondition for a name that is taken or a
/// directory that is not empty, kResourceExhausted for a quota, kIo for all else.
class WebHdfs {
 public:
  WebHdfs(NameNodes nodes,
          std::string user,
          std::shared_ptr<http::HttpClient> http,
          http::RetryPolicy retry);

  Result<FileStatus> status(const std::string& path);
  Result<std::vector<FileStatus>> list(const std::string& path);
  Status makeDirectories(const std::string& path);
  /// False when there was nothing.
  Result<bool> remove(const std::string& path, bool recursive);
  /// Never replaces: kFailedPrecondition where `to` is taken.
  Status rename(const std::string& from, const std::string& to);
  /// Appends whole files of the same directory to `to`; they are gone then.
  Status concat(const std::string& to, const std::vector<std::string>& from);
  /// Replaces what an earlier try has left.
  Status write(const std::string& path, std::string_view bytes, const std::atomic<bool>* stop);
  /// Exactly these bytes.
  Result<std::string> read(const std::string& path, std::uint64_t offset, std::uint64_t length);

 private:
  using Parameters = std::vector<std::pair<std::string, std::string>>;
  struct Operation {
    std::string method;
    std::string path;
    Parameters parameters;
    const std::atomic<bool>* stop = nullptr;
  };

  /// Asks the active name node: its answer, a redirect included, or what it refuses as an Error.
  Result<http::Answer> once(const Operation& operation);
  Result<http::Answer> askNode(const Operation& operation, std::size_t node) const;
  Result<http::Answer> ask(const Operation& operation);
  /// With the data node that the name node names.
  Result<http::Answer> transfer(const Operation& operation,
                                std::string_view body,
                                std::uint64_t most_answer);

  const NameNodes nodes_;
  const std::string user_;
  std::shared_ptr<http::HttpClient> http_;  // Shared with transfers.
  const http::RetryPolicy retry_;
  std::atomic<std::size_t> active_{0};
};

}  // namespace weir::hdfs
