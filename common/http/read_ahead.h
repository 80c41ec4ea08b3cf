#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "common/base/result.h"
#include "common/http/allowance.h"
#include "common/http/transfers.h"

namespace weir::http {

/// What is fetched of a file before somebody asks for it, as that reads on: pieces one behind the
/// other, some of which are on their way at once. A piece that is slow holds up none behind it, as
/// far as there is memory for those. Pieces grow while the reading goes on, so that who reads
/// little fetches little.
///
/// Held by a reader and by the pieces under way, which go on without it after close(). Threads:
/// any.
class ReadAhead : public std::enable_shared_from_this<ReadAhead> {
 public:
  /// Fetches exactly these bytes. Owns all that it needs; called from any thread.
  using Fetch = std::function<Result<std::string>(std::uint64_t offset, std::uint64_t length)>;

  /// `transfers` must be there until close().
  ReadAhead(std::uint64_t size,
            Fetch fetch,
            Transfers& transfers,
            const TransferSettings& settings);

  /// Appends some of the bytes at `offset`, up to `most` and at least one, to `bytes`: waits until
  /// they are there. What was fetched ahead and broke is fetched anew.
  Status read(std::uint64_t offset, std::uint64_t most, std::string& bytes);
  /// Begins nothing any more.
  void close();

 private:
  struct Piece {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    bool ahead = false;                        // Nobody had asked for it when it was begun.
    bool kept = true;                          // In the window.
    std::optional<Result<std::string>> bytes;  // Once it is there, or broke; read-only then.
  };
  using Lock = std::unique_lock<std::mutex>;

  /// The piece that has this byte, and what is behind it under way.
  std::shared_ptr<Piece> seek(std::uint64_t offset);
  void fill();
  void begin(std::uint64_t offset, std::uint64_t length, bool ahead);
  void done(const std::shared_ptr<Piece>& piece, Result<std::string> bytes);
  void drop(std::size_t pieces);
  std::uint64_t nextLength() const;
  /// Of the window.
  std::uint64_t end() const;

  const std::uint64_t size_;
  const Fetch fetch_;
  Transfers& transfers_;
  const std::uint64_t least_;
  const std::uint64_t most_;
  const std::size_t in_flight_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Piece>> window_;  // Shared with transfers and with who waits.
  std::uint64_t run_ = 0;                      // Bytes that were begun one behind the other.
  std::size_t under_way_ = 0;                  // Of the window.
  Holding memory_;
  bool closed_ = false;
};

}  // namespace weir::http
