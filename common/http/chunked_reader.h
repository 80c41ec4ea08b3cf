#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "common/fs/file_system.h"
#include "common/http/read_ahead.h"
#include "common/http/transfers.h"

namespace weir::http {

/// Reads a file of a remote file system: who reads on where the last read ended, or much at once,
/// gets it from what was fetched ahead (ReadAhead); who jumps gets what was asked for with a
/// request of its own.
///
/// Holds what is fetched ahead, and no other. Threads: any.
class ChunkedReader final : public fs::FileReader {
 public:
  using Fetch = ReadAhead::Fetch;

  /// `path` is for messages. `transfers` must outlive the reader.
  ChunkedReader(std::string path,
                std::uint64_t size,
                const Fetch& fetch,
                Transfers& transfers,
                const TransferSettings& settings);
  ~ChunkedReader() override { ahead_->close(); }
  ChunkedReader(const ChunkedReader&) = delete;
  ChunkedReader& operator=(const ChunkedReader&) = delete;

  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override;

 private:
  /// Whether this read goes on with the last one, or is worth fetching ahead.
  bool isOrderly(std::uint64_t offset, std::uint64_t length) const;

  const std::string path_;
  const std::uint64_t size_;
  const Fetch fetch_;
  const std::uint64_t chunk_bytes_;
  const std::shared_ptr<ReadAhead> ahead_;  // Shared with what is under way.
  mutable std::mutex mutex_;
  mutable std::uint64_t next_ = 0;  // Where the last read ended.
};

}  // namespace weir::http
