#include "jobmanager/ha/zookeeper/election.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "common/base/crash_point.h"
#include "common/telemetry/log.h"

namespace weir::ha {
namespace {

using zookeeper::Lifetime;
using zookeeper::Operation;

constexpr std::size_t kSequenceDigits = 10;

/// What the servers have numbered the node with.
long long numberOf(const std::string& name) {
  return name.size() < kSequenceDigits ? 0
                                       : std::atoll(name.c_str() + (name.size() - kSequenceDigits));
}

}  // namespace

Election::Election(zookeeper::Settings settings,
                   std::string self,
                   Random& random,
                   std::function<void(const Error&)> lost)
    : self_(std::move(self)),
      mark_(random.hex(24)),
      lost_(std::move(lost)),
      client_(std::move(settings)) {
  client_.onLost([this](const Error& why) { sessionLost(why); });
}

bool Election::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool Election::leads() const {
  {
    const std::lock_guard lock(mutex_);
    if (!first_ || over_ || closed_) {
      return false;
    }
  }
  return client_.leaseHolds();
}

void Election::changed() {
  {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  wake_.notify_all();
}

void Election::sessionLost(const Error& why) {
  bool was_first = false;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(over_, true)) {
      return;
    }
    was_first = first_ && !closed_;
  }
  wake_.notify_all();
  if (was_first) {
    lost_(why);
  }
}

void Election::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  client_.close();
}

/// False once closed.
bool Election::pauseBeforeRetry() {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, client_.settings().retry_wait, [this] { return closed_; });
  return !closed_;
}

Status Election::lead() {
  bool reached = false;
  for (int tries = 0;; ++tries) {
    {
      const std::lock_guard lock(mutex_);
      over_ = false;
    }
    Status first = client_.connect();
    reached = reached || first.has_value();
    if (first) {
      first = await();
    }
    if (first || closed()) {
      return first;
    }
    const bool passes = first.error().code() == ErrorCode::kUnavailable || isUnknown(first.error());
    if (!passes || (!reached && tries >= client_.settings().retries)) {
      return first;
    }
    log::warn("stands in no line of those who would lead, and tries again",
              {{"reason", first.error().text()}});
    if (!pauseBeforeRetry()) {
      return first;
    }
  }
}

/// Until we are the first, or the session is lost.
Status Election::await() {
  WEIR_RETURN_IF_ERROR(client_.make(client_.settings().latch));
  WEIR_RETURN_IF_ERROR(enroll());
  for (;;) {
    std::string before;
    auto first = isFirst(before);
    if (!first && isUnknown(first.error())) {
      WEIR_RETURN_IF_ERROR(client_.awaitConnection());
      continue;
    }
    if (!first) {
      return std::move(first).error();
    }
    if (*first) {
      const std::lock_guard lock(mutex_);
      first_ = !over_ && !closed_;
      return first_ ? ok()
                    : Status(Error(ErrorCode::kUnavailable, "the session with ZooKeeper is over"));
    }
    WEIR_RETURN_IF_ERROR(awaitChange(before));
  }
}

/// One node of ours is in the line, also where an answer was lost.
Status Election::enroll() {
  const std::string path = client_.settings().latch + "/" + mark_ + "-";
  for (;;) {
    const auto made = client_.create(path, self_, Lifetime::kEphemeralSequential);
    if (made) {
      return ok();
    }
    if (!isUnknown(made.error())) {
      return Error(made.error());
    }
    WEIR_RETURN_IF_ERROR(client_.awaitConnection());
    const auto names = client_.children(client_.settings().latch);
    if (names && std::ranges::any_of(
                     *names, [this](const std::string& name) { return name.starts_with(mark_); })) {
      return ok();
    }
  }
}

/// Whether a node of ours is the first; else `before` is the one before ours.
Result<bool> Election::isFirst(std::string& before) {
  const std::string& latch = client_.settings().latch;
  WEIR_TRY(auto names, client_.children(latch));
  std::ranges::sort(names, {}, [](const std::string& name) { return numberOf(name); });
  const auto own = std::ranges::find_if(
      names, [this](const std::string& name) { return name.starts_with(mark_); });
  if (own == names.end()) {
    WEIR_RETURN_IF_ERROR(enroll());  // Somebody has deleted it.
    return isFirst(before);
  }
  node_ = latch + "/" + *own;
  if (own == names.begin()) {
    return true;
  }
  before = latch + "/" + *(own - 1);
  return false;
}

/// Until the node has changed or gone. kUnavailable once the session is lost.
Status Election::awaitChange(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    changed_ = false;
  }
  const auto there = client_.exists(path, [this] { changed(); });
  if (!there) {
    return isUnknown(there.error()) ? client_.awaitConnection() : Status(there.error());
  }
  if (!*there) {
    return ok();
  }
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return changed_ || closed_ || over_; });
  return changed_ && !closed_ && !over_
             ? ok()
             : Status(Error(ErrorCode::kUnavailable, "the session with ZooKeeper is over"));
}

// ----------------------------------------------------------------------------------- who leads

Status Election::publish(const zookeeper::LeaderAddress& address) {
  const std::string& path = client_.settings().leader;
  const std::string bytes = encodeLeaderAddress(address);
  for (;;) {
    const auto old = client_.get(path);
    if (!old && isUnknown(old.error())) {
      WEIR_RETURN_IF_ERROR(client_.awaitConnection());
      continue;
    }
    if (!old && old.error().code() != ErrorCode::kNotFound) {
      return Error(old.error());
    }
    if (old && old->stat.owner_session == 0) {
      return Error(ErrorCode::kInvalidArgument,
                   "node " + path + " of ZooKeeper is not one of a leader of Weir")
          .advise("name another recovery.zookeeper.path.root, or delete that node");
    }
    // Another session's is that of a leader whose end the servers have not noticed completely.
    std::vector<Operation> operations{Operation::check(node_, zookeeper::kAnyVersion)};
    if (old) {
      operations.push_back(Operation::remove(path, old->stat.version));
    }
    operations.push_back(Operation::create(path, bytes, Lifetime::kEphemeral));
    const auto written = client_.multi(operations);
    if (!written.error) {
      crashPoint("leader.published");
      return ok();
    }
    if (isUnknown(*written.error)) {
      WEIR_RETURN_IF_ERROR(client_.awaitConnection());
    } else if (written.failed == 0) {
      return *written.error;
    }
  }
}

void Election::keepPublished(const zookeeper::LeaderAddress& address, const std::stop_token& stop) {
  const std::stop_callback woken(stop, [this] { changed(); });
  const std::string& path = client_.settings().leader;
  const std::string bytes = encodeLeaderAddress(address);
  while (!closed()) {
    {
      const std::lock_guard lock(mutex_);
      changed_ = false;
    }
    if (stop.stop_requested()) {
      return;
    }
    const auto node = client_.get(path, [this] { changed(); });
    if (!node && isUnknown(node.error())) {
      if (!client_.awaitConnection()) {
        return;
      }
      continue;
    }
    if (!node || node->data != bytes) {
      const Status again = publish(address);
      if (!again && again.error().code() == ErrorCode::kInvalidArgument) {
        log::error("who leads is not known to others, and is said again once it can be",
                   {{"reason", again.error().text()}});
        if (!pauseBeforeRetry()) {
          return;
        }
        continue;
      }
      if (!again) {  // Of a session that is over this was told before.
        sessionLost(again.error());
        return;
      }
      log::warn("wrote again who leads, as somebody had changed it", {{"node", path}});
      continue;
    }
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return changed_ || closed_ || over_; });
    if (over_) {
      return;
    }
  }
}

}  // namespace weir::ha
