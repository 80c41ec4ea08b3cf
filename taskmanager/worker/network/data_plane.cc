#include "taskmanager/worker/network/data_plane.h"

#include <unistd.h>

namespace weir::worker {

DataPlane::DataPlane(const runtime::Deployment& deployment,
                     BufferPool& pool,
                     const config::Security& security,
                     Lost lost)
    : deployment_(deployment), pool_(pool), security_(security), lost_(std::move(lost)) {}

DataPlane::~DataPlane() { stop(); }

Link& DataPlane::link(Link::Side own_side, std::uint32_t worker) {
  auto& link = links_[{own_side, worker}];
  if (link == nullptr) {
    const runtime::WorkerEndpoint& peer = deployment_.workers[worker];
    link = std::make_unique<Link>(
        io_, pool_, security_, own_side, peer.host + ":" + std::to_string(peer.data_port));
    link->onLost(
        [this, own_side, worker](const std::string& cause) { lost_(own_side, worker, cause); });
  }
  return *link;
}

void DataPlane::start() {
  if (links_.empty()) {
    return;
  }
  DataHello hello;
  hello.job = deployment_.execution.job;
  hello.attempt = deployment_.execution.attempt;
  hello.token = helloToken(deployment_.token);
  hello.from_worker = deployment_.self;
  for (auto& [key, link] : links_) {
    if (key.first == Link::Side::kConsumer) {
      hello.to_worker = key.second;
      const runtime::WorkerEndpoint& peer = deployment_.workers[key.second];
      link->dial(peer.host, peer.data_port, hello);
    }
  }
  io_.start();
}

void DataPlane::adopt(int fd, const runtime::PeerConnection& peer) {
  const auto found = links_.find({Link::Side::kProducer, peer.from_worker});
  const bool trusted = !peer.token.has_value() || *peer.token == helloToken(deployment_.token);
  if (found == links_.end() || !trusted) {
    ::close(fd);
    return;
  }
  found->second->adopt(fd);
}

void DataPlane::stop() { io_.stop(); }

}  // namespace weir::worker
