#pragma once

#include <deque>
#include <future>
#include <memory>
#include <string>
#include <string_view>

#include "common/fs/file_system.h"
#include "common/http/transfers.h"

namespace weir::http {

/// Where one file is written in parts: what a protocol does of PartsWriter's work.
class PartTarget {
 public:
  virtual ~PartTarget() = default;
  /// Before the first part. On the writer's thread, as are all but putPart().
  virtual Status begin() = 0;
  /// Stores part `number`, counted from 0. From several threads at once.
  virtual Status putPart(std::uint32_t number, std::string_view bytes) = 0;
  /// Makes the file of all its parts appear under its name; kFailedPrecondition when that is taken.
  virtual Status publishParts(std::uint32_t parts, std::uint64_t bytes) = 0;
  /// The same of a file that is one part.
  virtual Status publishWhole(std::string_view bytes) = 0;
  /// Ends transfers under way soon; they answer kCancelled. From any thread.
  virtual void stop() = 0;
  /// Removes what is there of the file, once no transfer is under way.
  virtual void abandon() = 0;
};

/// Writes a file to a remote file system: a small one with one request, a larger one in parts, some
/// of which are on their way while the next is filled. Holds at most one part more than those.
class PartsWriter final : public fs::FileWriter {
 public:
  /// `path` is for messages. `transfers` must outlive the writer.
  PartsWriter(std::string path,
              std::shared_ptr<PartTarget> target,
              Transfers& transfers,
              const TransferSettings& settings);
  ~PartsWriter() override;
  PartsWriter(const PartsWriter&) = delete;
  PartsWriter& operator=(const PartsWriter&) = delete;

  Status append(std::string_view bytes) override;
  Status commit() override;

 private:
  /// Parts grow with their number: the number of parts has a bound in most protocols.
  std::uint64_t partBytes() const;
  Status sendPart();
  /// Waits until fewer than `most` parts are on their way.
  Status awaitParts(std::size_t most);
  Status finish();

  std::string path_;
  std::shared_ptr<PartTarget> target_;  // Shared with the parts on their way.
  Transfers& transfers_;
  const std::uint64_t part_bytes_;
  const std::size_t in_flight_;
  struct Sent {
    std::shared_future<Status> done;
    std::shared_ptr<std::string> bytes;  // Shared with the transfer.
  };

  std::string buffer_;
  std::deque<Sent> sent_;  // In the order of their parts.
  std::string spare_;      // The memory of one that is done.
  std::uint32_t parts_ = 0;
  std::uint64_t bytes_ = 0;
  bool broken_ = false;
  bool committed_ = false;
};

}  // namespace weir::http
