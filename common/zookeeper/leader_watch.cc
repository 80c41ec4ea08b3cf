#include "common/zookeeper/leader_watch.h"

#include <utility>

#include "common/telemetry/log.h"

namespace weir::zookeeper {

LeaderWatch::LeaderWatch(Settings settings, concurrency::Executor& executor, Changed changed)
    : settings_(std::move(settings)), executor_(executor), changed_(std::move(changed)) {
  troubled(Error(ErrorCode::kUnavailable,
                 "no ZooKeeper server of " + settings_.quorum + " has answered yet")
               .advise("look whether most of the servers run and can be reached from here"));
  work_.post([this] { connect(); });
}

LeaderWatch::~LeaderWatch() {
  alive_.reset();
  work_.runSync([this] {
    again_.reset();
    client_.reset();
  });
  work_.shutdown();
}

std::optional<Error> LeaderWatch::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void LeaderWatch::connect() {
  client_.reset();
  auto opened = Client::open(settings_, work_, [this](SessionState state, const Error& why) {
    sessionChanged(state, why);
  });
  if (opened) {
    client_ = *std::move(opened);
  } else {
    troubled(opened.error());
    again_ = work_.schedule(settings_.retry_wait, [this] { connect(); });
  }
}

void LeaderWatch::sessionChanged(SessionState state, const Error& why) {
  if (state == SessionState::kConnected) {
    look();
  } else if (state == SessionState::kLost) {
    troubled(why);
    // Other servers may have answered meanwhile: only who did not even get that far pauses.
    const bool was_ours = client_ && client_->sessionTimeout() > Duration::zero();
    again_ =
        work_.schedule(was_ours ? Duration::zero() : settings_.retry_wait, [this] { connect(); });
  }
}

void LeaderWatch::look() {
  client_->get(
      settings_.leader,
      [this](const Result<Node>& node) {
        if (node) {
          found(*node);
        } else if (node.error().code() == ErrorCode::kNotFound) {
          lookForAbsent();
        } else {  // It is asked for again once there is a connection, or a session.
          troubled(node.error());
        }
      },
      [this] { look(); });
}

void LeaderWatch::lookForAbsent() {
  client_->exists(
      settings_.leader,
      [this](const Result<std::optional<NodeStat>>& node) {
        if (!node) {
          troubled(node.error());
        } else if (*node) {
          look();  // It has appeared in between.
        } else {
          troubled(Error(ErrorCode::kUnavailable,
                         "no job manager leads: ZooKeeper at " + settings_.quorum +
                             " has no node " + settings_.leader));
          tell(std::nullopt);
        }
      },
      [this] { look(); });
}

void LeaderWatch::found(const Node& node) {
  auto leader = decodeLeaderAddress(node.data);
  if (leader) {
    {
      const std::lock_guard lock(mutex_);
      trouble_.reset();
    }
    tell(*std::move(leader));
    return;
  }
  const Error why = std::move(leader).error().during("node " + settings_.leader);
  log::warn("ZooKeeper names no leader", {{"reason", why.text()}});
  troubled(why);
  tell(std::nullopt);
}

void LeaderWatch::tell(std::optional<LeaderAddress> leader) {
  if (told_.has_value() && *told_ == leader) {
    return;
  }
  told_ = leader;
  executor_.post([this, alive = std::weak_ptr<bool>(alive_), leader = std::move(leader)] {
    if (!alive.expired()) {
      changed_(leader);
    }
  });
}

void LeaderWatch::troubled(const Error& why) {
  log::debug("no leader is known from ZooKeeper", {{"reason", why.text()}});
  const std::lock_guard lock(mutex_);
  trouble_ = why;
}

}  // namespace weir::zookeeper
