#include "jobmanager/checkpoint/stored_checkpoints.h"

#include <algorithm>
#include <set>
#include <utility>

namespace weir::jobmanager {

void StoredCheckpoints::resume(CheckpointId next) {
  next_ = std::max(next_, next);
  stored_ = next;
}

std::optional<CheckpointId> StoredCheckpoints::takeId() {
  if (next_ >= stored_) {
    return std::nullopt;
  }
  return std::exchange(next_, next_.next());
}

void StoredCheckpoints::write(std::optional<News> news, Callback<std::monostate> done) {
  writes_.push_back({news, std::move(done)});
  if (writes_.size() == 1) {
    begin();
  }
}

/// One that falls out at once, and that no savepoint holds, is no news to the store.
void StoredCheckpoints::begin() {
  const std::optional<News> news = writes_.front().news;
  ha::JobCheckpoints state = stateWith(news);
  const CheckpointId next = state.next;
  const bool needed =
      !news || news->pinned ||
      std::any_of(state.retained.begin(), state.retained.end(), [&](const auto& one) {
        return one.id == news->checkpoint->metadata.checkpoint;
      });
  if (needed) {
    tasks_.point(std::move(state),
                 [this, alive = std::weak_ptr<bool>(alive_), next](const Status& answer) {
                   if (!alive.expired()) {
                     answered(next, answer);
                   }
                 });
  } else {
    answered(stored_, ok());
  }
}

void StoredCheckpoints::answered(CheckpointId next, const Status& answer) {
  if (answer) {
    stored_ = std::max(stored_, next);
  }
  const Callback<std::monostate> done = std::move(writes_.front().done);
  done(answer);
  writes_.pop_front();
  if (!writes_.empty()) {
    begin();
  }
}

ha::JobCheckpoints StoredCheckpoints::stateWith(const std::optional<News>& news) const {
  ha::JobCheckpoints state;
  std::set<CheckpointId> pinned = store_.pinnedIds();
  if (news && news->pinned) {
    pinned.insert(news->checkpoint->metadata.checkpoint);
  }
  state.retained = store_.pointersWith(news ? news->checkpoint : nullptr);
  state.pinned.assign(pinned.begin(), pinned.end());
  state.next = CheckpointId(next_.value() + ha::JobCheckpoints::kReserved);
  return state;
}

}  // namespace weir::jobmanager
