#include "jobmanager/scheduler/job_events.h"

#include <cstddef>
#include <variant>

#include "common/base/overloaded.h"

namespace weir::jobmanager {
namespace {

constexpr std::size_t kMostEvents = 1000;

/// About what an event holds.
std::uint64_t bytesOf(const runtime::JobEvent& event) {
  std::uint64_t bytes = sizeof event;
  std::visit(Overloaded{[&](const runtime::JobStateChange& job) { bytes += job.cause.size(); },
                        [&](const runtime::TaskStateChange& task) {
                          bytes += task.cause.size() + task.task_name.size();
                        },
                        [&](const runtime::JobResult& result) {
                          bytes += result.cause.size();
                          for (const runtime::AccumulatorValue& value : result.accumulators) {
                            bytes += value.name.size() + value.bytes.size();
                          }
                        }},
             event);
  return bytes;
}

}  // namespace

void JobEvents::add(const runtime::JobEvent& event) {
  past_.push_back(event);
  bytes_ += bytesOf(event);
  while (past_.size() > kMostEvents || (past_.size() > 1 && bytes_ > most_bytes_)) {
    bytes_ -= bytesOf(past_.front());
    past_.pop_front();
  }
  listener_.jobEvent(job_, event);
  listener_.jobChanged(job_);
}

}  // namespace weir::jobmanager
