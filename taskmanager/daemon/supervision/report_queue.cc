#include "taskmanager/daemon/supervision/report_queue.h"

#include <algorithm>
#include <utility>

#include "common/runtime/report_limits.h"

namespace weir::taskmanager {

namespace {

constexpr std::uint64_t kMostBatchBytes = 1 << 20;  // Of updates in one message.

}  // namespace

void ReportQueue::open(std::uint64_t most_bytes) {
  open_ = true;
  most_bytes_ = most_bytes;
}

void ReportQueue::close() {
  open_ = false;
  updates_.clear();
}

void ReportQueue::send(runtime::TaskManagerReport report) {
  flush();
  if (open_) {
    link_.send(std::move(report));
    sent_();
  }
}

void ReportQueue::relay(runtime::EncodedAck ack) {
  flush();
  if (open_) {
    link_.relay(std::move(ack));
    sent_();
  }
}

void ReportQueue::add(runtime::TaskUpdate update) {
  updates_.push_back(std::move(update));
  if (!std::exchange(flush_posted_, true)) {
    loop_.post([this] {
      flush_posted_ = false;
      flush();
    });
  }
}

void ReportQueue::flush() {
  std::vector<runtime::TaskUpdate> waiting = std::exchange(updates_, {});
  if (!open_) {
    return;
  }
  std::vector<runtime::TaskUpdate> batch;
  std::uint64_t bytes = 0;
  const auto send = [&] {
    if (!batch.empty()) {
      link_.send(std::exchange(batch, {}));
    }
    bytes = 0;
  };
  for (runtime::TaskUpdate& update : waiting) {
    const std::uint64_t more = runtime::bytesOf(update);
    if (bytes + more > std::min(kMostBatchBytes, most_bytes_)) {
      send();
    }
    bytes += more;
    batch.push_back(std::move(update));
  }
  send();
  sent_();
}

}  // namespace weir::taskmanager
