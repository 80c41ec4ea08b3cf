#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "common/concurrency/executor.h"
#include "jobmanager/dispatcher/cluster_view.h"

namespace weir::jobmanager {

/// Makes the view of the cluster anew, at the latest 20 ms after a change.
///
/// Threads: the strand; view() any.
class ViewPublisher {
 public:
  using Look = std::function<void(ClusterView&)>;

  /// `look` fills a view. The executor outlives the publisher.
  ViewPublisher(concurrency::Executor& strand, Look look)
      : strand_(strand), look_(std::move(look)) {}

  void publish();
  void publishSoon();
  /// Publishes nothing more by itself.
  void stop() { timer_.reset(); }
  /// nullptr before the first.
  std::shared_ptr<const ClusterView> view() const;

 private:
  concurrency::Executor& strand_;
  const Look look_;
  std::unique_ptr<concurrency::Executor::Timer> timer_;
  mutable std::mutex mutex_;
  std::shared_ptr<const ClusterView> view_;  // Under mutex_; shared with readers.
};

}  // namespace weir::jobmanager
