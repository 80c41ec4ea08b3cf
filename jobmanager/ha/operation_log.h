#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "common/base/ids.h"
#include "jobmanager/ha/job_store.h"

namespace weir::ha {

/// Requests that clients may repeat: a repeated one joins the first, or gets its answer again.
///
/// Remembers the answers of the last kRemembered. Threads: the strand.
template <typename Reply>
class OperationLog {
 public:
  /// True when the operation is new and the caller must see to finish(); else `done` was answered
  /// or waits for the first.
  bool begin(OperationId id, Answer<Reply> done) {
    auto [entry, fresh] = entries_.try_emplace(id);
    if (entry->second.reply) {
      done(*entry->second.reply);
      return false;
    }
    entry->second.waiting.push_back(std::move(done));
    return fresh;
  }

  bool pending(OperationId id) const {
    auto entry = entries_.find(id);
    return entry != entries_.end() && !entry->second.reply;
  }

  bool answered(OperationId id) const { return entries_.contains(id) && !pending(id); }

  void finish(OperationId id, const Result<Reply>& reply) {
    Entry& entry = entries_[id];
    entry.reply = reply;
    finished_.push_back(id);
    for (Answer<Reply>& done : std::exchange(entry.waiting, {})) {
      done(reply);
    }
    if (finished_.size() > kRemembered) {
      entries_.erase(finished_.front());
      finished_.pop_front();
    }
  }

  /// The same answer for all that are pending.
  void finishAll(const Result<Reply>& reply) {
    std::vector<OperationId> pending;
    for (const auto& [id, entry] : entries_) {
      if (!entry.reply) {
        pending.push_back(id);
      }
    }
    for (const OperationId id : pending) {
      finish(id, reply);
    }
  }

 private:
  static constexpr std::size_t kRemembered = 1000;
  struct Entry {
    std::vector<Answer<Reply>> waiting;
    std::optional<Result<Reply>> reply;
  };

  std::map<OperationId, Entry> entries_;
  std::deque<OperationId> finished_;
};

}  // namespace weir::ha
