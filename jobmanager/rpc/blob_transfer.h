#pragma once

#include <functional>
#include <memory>

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "cluster.pb.h"
#include "common/base/clock.h"
#include "common/base/result.h"
#include "jobmanager/blob/blob_store.h"

namespace weir::jobmanager {

/// State that is kept in memory is at most this big in one piece.
inline constexpr std::uint64_t kMaxStateBlobBytes = 256 << 20;

/// What peers may hold of the transfers of files.
struct TransferLimits {
  std::size_t most = 50;                     ///< At a time; of one host at most half.
  Duration idle = std::chrono::seconds(30);  ///< How long one may stand still.
  std::uint64_t least_rate = 16 << 10;       ///< Bytes a second on average, after the first `idle`.
};

/// Takes and sends files, each as a stream of chunks.
///
/// A transfer that waits for its peer holds no thread: files are read and written on a few threads
/// of its own. One that stands still or crawls is ended with a sentence, and so is one too many.
/// Lives longer than its server. Threads: any.
class Transfers {
 public:
  /// Looks at the first chunk of an upload.
  using Check = std::function<Status(const v1::Chunk& first)>;

  /// `blobs` and `clock` are borrowed.
  Transfers(blob::BlobStore& blobs, const Clock& clock, const TransferLimits& limits);
  ~Transfers();
  Transfers(const Transfers&) = delete;
  Transfers& operator=(const Transfers&) = delete;

  /// The end of an upload here. `reply` is gRPC's.
  grpc::ServerReadReactor<v1::Chunk>* receive(const grpc::CallbackServerContext& context,
                                              v1::PutBlobReply& reply,
                                              Check check);
  /// The end of a download here, of the range that `request` names.
  grpc::ServerWriteReactor<v1::Chunk>* send(grpc::CallbackServerContext& context,
                                            const v1::GetBlobRequest& request);

  /// Ends the threads. After the server was shut down.
  void stop();

 private:
  struct State;
  class Upload;
  class Download;

  std::shared_ptr<State> state_;  // Shared with transfers.
};

}  // namespace weir::jobmanager
