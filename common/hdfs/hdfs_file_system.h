#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/base/random.h"
#include "common/fs/file_system.h"
#include "common/fs/unfinished_files.h"
#include "common/hdfs/web_hdfs.h"
#include "common/http/transfers.h"

namespace weir::hdfs {

struct HdfsSettings {
  HadoopConfiguration hadoop;
  std::string user;  ///< Who we say that we are, where there is no Kerberos.
};

/// Files of HDFS, reached by WebHDFS: hdfs://host[:port]/dir, hdfs://nameservice/dir, hdfs:/dir
/// (that of fs.defaultFS), webhdfs://host:port/dir. One instance serves both schemes.
///
/// A file is written under hidden names beside its own and renamed, without replacing another. It
/// is as durable as HDFS makes a closed file. Symbolic links are refused.
///
/// Settings are looked up when a path is first touched. Threads: any. Errors: as FileSystem says;
/// kInvalidArgument where no name node is known, kIo after retries.
class HdfsFileSystem final : public fs::FileSystem, public fs::UnfinishedFiles {
 public:
  HdfsFileSystem(std::function<Result<HdfsSettings>()> settings, http::TransferSettings transfers);

  Result<fs::Location> locate(const std::string& path) const override;
  Result<std::unique_ptr<fs::FileWriter>> create(const std::string& path) override;
  Result<std::unique_ptr<fs::FileReader>> open(const std::string& path) override;
  Result<std::unique_ptr<fs::FileReader>> openNoLink(const std::string& path) override;
  Result<std::vector<fs::FileInfo>> list(const std::string& directory) override;
  Result<fs::FileInfo> stat(const std::string& path) override;
  Status makeDirectories(const std::string& directory) override;
  Status remove(const std::string& path) override;
  Status removeFile(const std::string& path) override;
  Status syncDirectory(const std::string& directory) override;
  Status removeDirectory(const std::string& directory) override;
  Status removeAll(const std::string& directory) override;
  Status removeUnfinished(const std::string& directory, const IsOurs& is_ours) override;

 private:
  struct Target {
    std::string uri;
    fs::Location location;
    std::shared_ptr<WebHdfs> hdfs;  // Shared with transfers.

    fs::FileInfo info(const FileStatus& status, const std::string& name) const;
  };
  Result<Target> target(const std::string& path);
  /// Nothing where there is nothing.
  static Result<std::unique_ptr<FileStatus>> look(const Target& at);
  static Status removeAllUnfinished(const Target& at);
  static Result<bool> isLeftOf(const Target& at, const FileStatus& entry, const IsOurs& is_ours);

  const std::function<Result<HdfsSettings>()> settings_;
  http::TransferSettings transfer_;
  std::shared_ptr<http::HttpClient> http_;  // Shared with transfers.
  http::Transfers transfers_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<WebHdfs>> clients_;  // By scheme and authority.
  SystemRandom random_;
};

}  // namespace weir::hdfs
