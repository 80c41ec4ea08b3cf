#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

#include "taskmanager/daemon/supervision/job_manager_link.h"

namespace weir::taskmanager {

/// The heartbeats of one session, and until when the workers may act because the job manager has
/// heard of them: the heartbeat time-out after the last one that it heard was sent, or as long as
/// they are kept for its successor where that is longer. Pure logic, with times of
/// nanosSinceBoot(); belongs to one thread.
class HeardBeats {
 public:
  /// A session begins: its registration was heard.
  void begin(const SessionTerms& terms) {
    terms_ = terms;
    sent_.clear();
    lease_until_ = terms.asked_at + lease().count();
  }
  /// A heartbeat is sent; answers its number, which grows over all sessions.
  std::uint64_t send(std::int64_t now) {
    sent_.emplace(++count_, now);
    return count_;
  }
  /// The job manager has heard this one. False when nothing follows from that.
  bool heard(std::uint64_t heartbeat) {
    const auto sent = sent_.find(heartbeat);
    if (sent == sent_.end()) {
      return false;
    }
    lease_until_ = sent->second + lease().count();
    sent_.erase(sent_.begin(), std::next(sent));
    return true;
  }

  const SessionTerms& terms() const { return terms_; }
  std::int64_t leaseUntil() const { return lease_until_; }

 private:
  Duration lease() const { return std::max(terms_.heartbeat_timeout, terms_.adoption_timeout); }

  SessionTerms terms_;
  std::uint64_t count_ = 0;
  std::map<std::uint64_t, std::int64_t> sent_;  // Not heard yet, and when they were sent.
  std::int64_t lease_until_ = 0;
};

}  // namespace weir::taskmanager
