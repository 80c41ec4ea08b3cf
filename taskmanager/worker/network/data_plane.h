#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/runtime/deployment.h"
#include "common/runtime/messages.h"
#include "taskmanager/worker/memory/buffer_pool.h"
#include "taskmanager/worker/network/io_thread.h"
#include "taskmanager/worker/network/link.h"

namespace weir::worker {

/// The connections of one worker to the others of its attempt, and the thread that serves them.
///
/// A worker whose channels are all local has no links and starts no thread. Outlives its tasks.
/// Threads: link() before start(); start(), stop() by the owner; adopt() from any in between.
class DataPlane {
 public:
  /// A connection was lost while channels were open on it: which one, and a sentence. IO thread.
  using Lost = std::function<void(Link::Side side, std::uint32_t worker, const std::string& cause)>;

  /// `deployment` outlives the data plane.
  DataPlane(const runtime::Deployment& deployment,
            BufferPool& pool,
            const config::Security& security,
            Lost lost);
  ~DataPlane();
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;

  /// The link with `worker`, on whose other side it is; made when first asked for.
  Link& link(Link::Side own_side, std::uint32_t worker);

  /// Starts the thread and connects to every producer.
  void start();
  /// A connection that consumer `peer` opened; takes `fd` over. One that showed another token than
  /// this attempt's is closed: the daemon has checked it, and so does who is spoken to.
  void adopt(int fd, const runtime::PeerConnection& peer);
  /// Ends the thread; no call-back follows. Idempotent.
  void stop();

 private:
  const runtime::Deployment& deployment_;
  BufferPool& pool_;
  const config::Security security_;
  Lost lost_;
  IoThread io_;
  std::map<std::pair<Link::Side, std::uint32_t>, std::unique_ptr<Link>> links_;  // On io_.
};

}  // namespace weir::worker
