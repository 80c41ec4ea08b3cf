#include "jobmanager/checkpoint/stored_checkpoints.h"

#include <algorithm>
#include <set>
#include <utility>

namespace weir::jobmanager {

void StoredCheckpoints::resume(CheckpointId next, std::optional<ha::StoppedJob> stopped) {
  stopped_ = std::move(stopped);
  next_ = std::max(next_, next);
  stored_ = next;
}

void StoredCheckpoints::begin(ha::BegunSavepoint savepoint) {
  const CheckpointId id = savepoint.id;
  begun_.insert_or_assign(id, std::move(savepoint));
}

std::optional<CheckpointId> StoredCheckpoints::takeId() {
  if (next_ >= stored_) {
    return std::nullopt;
  }
  return std::exchange(next_, next_.next());
}

void StoredCheckpoints::write(std::optional<News> news, Callback<std::monostate> done) {
  writes_.push_back({std::move(news), std::move(done)});
  if (writes_.size() == 1) {
    begin();
  }
}

void StoredCheckpoints::end(runtime::JobResult result,
                            bool keep_latest,
                            Callback<std::monostate> done) {
  result_ = std::move(result);
  keep_latest_ = keep_latest;
  write({}, std::move(done));
}

/// One that falls out at once, and that no savepoint holds, is no news to the store.
void StoredCheckpoints::begin() {
  const std::optional<News> news = writes_.front().news;
  ha::JobCheckpoints state = stateWith(news);
  const CheckpointId next = state.next;
  const bool needed =
      !news || news->pinned || news->stopped || news->result ||
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
  const std::optional<News>& news = writes_.front().news;
  if (answer) {
    stored_ = std::max(stored_, next);
    if (news && news->stopped) {
      stopped_ = news->stopped;
    }
  }
  const bool savepoint = news && news->result;
  const CheckpointId id = savepoint ? news->checkpoint->metadata.checkpoint : CheckpointId(0);
  const Callback<std::monostate> done = std::move(writes_.front().done);
  done(answer);
  if (savepoint) {
    begun_.erase(id);  // The store was given its answer, and writes that before the next.
  }
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
  std::erase_if(pinned, [this](CheckpointId id) { return held_.contains(id); });
  state.retained = store_.pointersWith(news ? news->checkpoint : nullptr);
  state.pinned.assign(pinned.begin(), pinned.end());
  state.next = CheckpointId(next_.value() + ha::JobCheckpoints::kReserved);
  state.result = result_;
  state.stopped = news && news->stopped ? news->stopped : stopped_;
  if (result_) {
    retainAtTheEnd(state);
  }
  addDiscards(state, news);
  addBegun(state, news);
  for (const auto& [id, path] : marks_) {
    state.marks.push_back({id, path});
  }
  return state;
}

void StoredCheckpoints::retainAtTheEnd(ha::JobCheckpoints& state) const {
  const std::size_t kept = keep_latest_ && !state.retained.empty() ? 1 : 0;
  state.retained.erase(state.retained.begin(),
                       state.retained.end() - static_cast<std::ptrdiff_t>(kept));
}

/// Those that are being removed, those that fall out with this write, and those that are here
/// because of this leader alone.
void StoredCheckpoints::addDiscards(ha::JobCheckpoints& state,
                                    const std::optional<News>& news) const {
  std::set<CheckpointId> discards = store_.ids();
  discards.insert(held_.begin(), held_.end());
  if (news) {
    discards.insert(news->checkpoint->metadata.checkpoint);
  }
  for (const ha::CheckpointPointer& one : state.retained) {
    discards.erase(one.id);
  }
  for (const CheckpointId id : state.pinned) {
    discards.erase(id);
  }
  discards.insert(discards_.begin(), discards_.end());
  state.discards.assign(discards.begin(), discards.end());
}

void StoredCheckpoints::addBegun(ha::JobCheckpoints& state, const std::optional<News>& news) const {
  for (const auto& [id, savepoint] : begun_) {
    ha::BegunSavepoint& one = state.begun.emplace_back(savepoint);
    if (news && news->result && news->checkpoint->metadata.checkpoint == id) {
      one.result = news->result;
    }
  }
}

}  // namespace weir::jobmanager
