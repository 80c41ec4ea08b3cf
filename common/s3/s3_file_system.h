#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "common/base/random.h"
#include "common/fs/file_system.h"
#include "common/fs/unfinished_files.h"
#include "common/http/transfers.h"
#include "common/s3/s3_client.h"
#include "common/s3/s3_listing.h"

namespace weir::s3 {

/// Objects of an S3 store: s3://bucket/key.
///
/// A directory is there while something is below it, or a marker ("dir/", no bytes) that
/// makeDirectories() has made. What is being written is a multipart upload, or nothing at all, so
/// that it is never listed; uploads of a process that was killed go with their directory.
///
/// Settings are looked up when a path is first touched. Threads: any. Errors: as FileSystem says;
/// kInvalidArgument without keys or bucket, kIo after retries.
class S3FileSystem final : public fs::FileSystem, public fs::UnfinishedFiles {
 public:
  S3FileSystem(std::function<Result<S3Settings>()> settings, http::TransferSettings transfers);

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
  /// A path, taken apart, and the client for it.
  struct Target {
    std::string uri;
    Place place;
    std::shared_ptr<const S3Client> client;  // Shared with transfers.

    Place directory() const;  // Its key is the prefix of what is below.
  };
  struct Found {
    fs::FileInfo info;
    std::string tag;  // Of a file.
  };
  Result<Target> target(const std::string& path);
  Result<std::shared_ptr<const S3Client>> client();
  Result<Found> find(const Target& at) const;
  /// Whether there is anything below, and whether that is but the marker.
  Result<ListPage> glance(const Target& at) const;
  static Result<bool> hasMarker(const Target& at);
  Status removeObject(const Target& at, const std::string& key) const;

  const std::function<Result<S3Settings>()> settings_;
  const http::TransferSettings transfer_;
  std::shared_ptr<http::HttpClient> http_;  // Shared with transfers.
  http::Transfers transfers_;
  std::mutex mutex_;
  std::shared_ptr<const S3Client> client_;
  SystemRandom random_;
};

}  // namespace weir::s3
