#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "common/hdfs/web_hdfs.h"
#include "common/http/parts_writer.h"

namespace weir::hdfs {

/// Writes one file under hidden names beside its own, one for each part, which are put together and
/// renamed at the end. A part that did not get through is written again from its beginning.
class HdfsUpload final : public http::PartTarget {
 public:
  /// `temporary` is the hidden path of the whole, as fs::temporaryName() makes its name;
  /// `directory` the one that is made for it and goes with it, empty where there is none.
  HdfsUpload(std::shared_ptr<WebHdfs> hdfs,
             std::string path,
             std::string temporary,
             std::string directory);

  Status begin() override { return ok(); }
  Status putPart(std::uint32_t number, std::string_view bytes) override;
  Status publishParts(std::uint32_t parts, std::uint64_t bytes) override;
  Status publishWhole(std::string_view bytes) override;
  void stop() override { stop_.store(true); }
  void abandon() override;

 private:
  std::string partPath(std::uint32_t number) const;
  /// Gives what was written its name, once its length was seen to be right.
  Status publish(std::uint64_t bytes);
  Status rename(const FileStatus& written);

  std::shared_ptr<WebHdfs> hdfs_;  // Shared with the file system.
  const std::string path_;
  const std::string temporary_;
  const std::string directory_;          // Of its own, or empty.
  std::atomic<std::uint32_t> parts_{0};  // That may be there.
  std::atomic<bool> stop_{false};
};

}  // namespace weir::hdfs
