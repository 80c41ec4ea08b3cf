#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/fs/unfinished_files.h"
#include "common/http/parts_writer.h"
#include "common/s3/s3_client.h"
#include "common/s3/s3_listing.h"

namespace weir::s3 {

/// Writes one object: by one request, or as a multipart upload.
///
/// An object that exists is not replaced: the server is asked to see to that (If-None-Match), and
/// it is looked at just before for servers which do not know that. Each object carries a random
/// mark of its writer, so that an answer that was lost is told from a name that was taken.
class S3Upload final : public http::PartTarget {
 public:
  S3Upload(std::shared_ptr<const S3Client> client, Place place, std::string mark);

  Status begin() override;
  Status putPart(std::uint32_t number, std::string_view bytes) override;
  Status publishParts(std::uint32_t parts, std::uint64_t bytes) override;
  Status publishWhole(std::string_view bytes) override;
  void stop() override { stop_.store(true); }
  void abandon() override;

 private:
  Status refuseTaken() const;
  /// Sends the call that makes the object appear.
  Result<http::Answer> publish(Call call);
  /// Whether the object is there and ours.
  bool isOurs() const;

  std::shared_ptr<const S3Client> client_;  // Shared with the file system.
  const Place place_;
  const std::string mark_;
  std::string upload_;  // Set before the first part.
  std::mutex mutex_;
  std::map<std::uint32_t, std::string> tags_;  // By part.
  std::atomic<bool> stop_{false};
};

/// Ends an upload, with what was stored of it; ok when there is none.
Status abortUpload(const S3Client& client, const Place& place, const std::string& upload);

/// Ends uploads below a directory: of writers that are gone, or that will see that theirs is. With
/// `is_ours`, those of files in the directory itself whose names it takes.
Status abortUploads(const S3Client& client,
                    const Place& directory,
                    const std::vector<Upload>& uploads,
                    const fs::UnfinishedFiles::IsOurs& is_ours = {});

}  // namespace weir::s3
