#include "common/rpc/leader_route.h"

#include <algorithm>
#include <utility>

namespace weir::rpc {

LeaderRoute::LeaderRoute(std::vector<Address> configured, config::Security security)
    : security_(security), configured_(configured.size()), known_(std::move(configured)) {
  if (!known_.empty()) {
    choose(0);
  }
}

LeaderRoute::Way LeaderRoute::current() const {
  const std::lock_guard lock(mutex_);
  return known_.empty() ? Way{} : Way{known_[at_], channel_};
}

bool LeaderRoute::follow(const Address& leader) {
  const std::lock_guard lock(mutex_);
  if (!known_.empty() && known_[at_] == leader) {
    return false;
  }
  auto found = std::find(known_.begin(), known_.end(), leader);
  if (found == known_.end()) {
    known_.resize(configured_);  // A leader that was learned before counts no more.
    found = known_.insert(known_.end(), leader);
  }
  choose(static_cast<std::size_t>(found - known_.begin()));
  return true;
}

void LeaderRoute::pass(const Address& asked) {
  const std::lock_guard lock(mutex_);
  if (known_.size() > 1 && known_[at_] == asked) {
    choose((at_ + 1) % known_.size());
  }
}

void LeaderRoute::choose(std::size_t index) {
  at_ = index;
  channel_ = makeChannel(known_[at_], security_);
}

}  // namespace weir::rpc
