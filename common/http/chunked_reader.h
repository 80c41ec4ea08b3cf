#pragma once

#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "common/fs/file_system.h"
#include "common/http/transfers.h"

namespace weir::http {

/// Reads a file of a remote file system: who reads on where the last read ended, or much at once,
/// gets it from chunks that were fetched ahead, some at a time; who jumps gets what was asked for
/// with a request of its own.
///
/// Holds the chunks that are fetched ahead, and no other. Threads: any.
class ChunkedReader final : public fs::FileReader {
 public:
  /// Fetches exactly these bytes. Owns all that it needs; called from any thread.
  using Fetch = std::function<Result<std::string>(std::uint64_t offset, std::uint64_t length)>;

  /// `path` is for messages. `transfers` must outlive the reader.
  ChunkedReader(std::string path,
                std::uint64_t size,
                Fetch fetch,
                Transfers& transfers,
                const TransferSettings& settings);

  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override;

 private:
  using Chunk = std::shared_future<Result<std::string>>;

  /// Whether this read goes on with the last one, or is worth chunks of its own.
  bool isOrderly(std::uint64_t offset, std::uint64_t length) const;
  struct Fetched {
    Chunk chunk;
    bool ahead = false;  // It had been begun before.
  };
  /// The chunk, which is being fetched from now on, with those behind it; lets go of those before.
  Fetched chunk(std::uint64_t index) const;
  void forget(std::uint64_t index) const;

  const std::string path_;
  const std::uint64_t size_;
  const std::shared_ptr<const Fetch> fetch_;  // Shared with the chunks under way.
  Transfers& transfers_;
  const std::uint64_t chunk_bytes_;
  const std::size_t in_flight_;
  mutable std::mutex mutex_;
  mutable std::uint64_t next_ = 0;  // Where the last read ended.
  mutable std::map<std::uint64_t, Chunk> chunks_;
};

}  // namespace weir::http
