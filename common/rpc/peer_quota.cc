#include "common/rpc/peer_quota.h"

#include <utility>

namespace weir::rpc {

std::string hostOfPeer(std::string_view peer) {
  const std::size_t kind = peer.find(':');
  const std::size_t port = peer.rfind(':');
  if (kind == port) {
    return std::string(peer);
  }
  std::string_view host = peer.substr(kind + 1, port - kind - 1);
  constexpr std::string_view kOpen = "%5B";  // IPv6 stands in brackets, and these are encoded.
  if (host.starts_with(kOpen) && host.size() >= 2 * kOpen.size()) {
    host = host.substr(kOpen.size(), host.size() - 2 * kOpen.size());
  }
  return std::string(host);
}

PeerQuota::PeerQuota(std::string what, std::string_view key, std::size_t most)
    : what_(std::move(what)), key_(key), most_(most), state_(std::make_shared<State>()) {}

Result<PeerQuota::Permit> PeerQuota::take(std::string_view peer) {
  std::string host = hostOfPeer(peer);
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->by_host.find(host);
  const std::size_t of_host = found == state_->by_host.end() ? 0 : found->second;
  if (state_->held >= most_ || of_host >= (most_ + 1) / 2) {
    return Error(ErrorCode::kResourceExhausted,
                 std::to_string(state_->held) + " of at most " + std::to_string(most_) + " " +
                     what_ + " are open, " + std::to_string(of_host) + " of them for " + host +
                     ", which may have half")
        .advise("try again later, or raise " + key_);
  }
  ++state_->held;
  ++state_->by_host[host];
  return Permit(static_cast<const void*>(state_.get()),
                [state = state_, host = std::move(host)](const void* /*state*/) {
                  const std::lock_guard released(state->mutex);
                  --state->held;
                  if (--state->by_host[host] == 0) {
                    state->by_host.erase(host);
                  }
                });
}

std::size_t PeerQuota::held() const {
  const std::lock_guard lock(state_->mutex);
  return state_->held;
}

}  // namespace weir::rpc
