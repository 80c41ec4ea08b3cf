#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "common/fs/file_system.h"
#include "common/http/allowance.h"
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
/// of which are on their way while the next is filled. Parts grow with the file where there is
/// memory for them; it holds at most one part more than those on their way.
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
  /// The parts on their way; shared with those.
  struct Sending {
    explicit Sending(std::shared_ptr<Allowance> allowance) : memory(std::move(allowance)) {}

    std::mutex mutex;
    std::condition_variable changed;
    std::size_t parts = 0;
    Status first_error = ok();
    std::string spare;  // The memory of one that is done.
    Holding memory;     // Of those, and of the part that is filled.
  };

  /// Of a part that needs no leave. The number of parts has a bound in most protocols.
  std::uint64_t leastPart() const;
  /// Gives the part that is filled next its length, and the memory for that.
  void beginPart();
  Status sendPart();
  /// Waits until at most so many parts are on their way; what one of all met.
  Status awaitParts(std::size_t most);
  Status finish();

  const std::string path_;
  const std::shared_ptr<PartTarget> target_;  // Shared with the parts on their way.
  Transfers& transfers_;
  const std::uint64_t part_bytes_;
  const std::uint64_t growth_;
  const std::size_t in_flight_;
  const std::shared_ptr<Sending> sending_;

  std::string buffer_;
  std::uint64_t length_ = 0;  // That the buffer grows to; 0: nothing was written yet.
  std::uint32_t parts_ = 0;
  std::uint64_t bytes_ = 0;  // Of those.
  bool broken_ = false;
  bool committed_ = false;
};

}  // namespace weir::http
