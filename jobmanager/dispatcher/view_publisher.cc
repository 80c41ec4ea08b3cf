#include "jobmanager/dispatcher/view_publisher.h"

#include <utility>

namespace weir::jobmanager {
namespace {

constexpr Duration kViewAge = std::chrono::milliseconds(20);

}  // namespace

void ViewPublisher::publish() {
  auto view = std::make_shared<ClusterView>();
  look_(*view);
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
}

void ViewPublisher::publishSoon() {
  if (timer_ == nullptr) {
    timer_ = strand_.schedule(kViewAge, [this] {
      timer_.reset();
      publish();
    });
  }
}

std::shared_ptr<const ClusterView> ViewPublisher::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

}  // namespace weir::jobmanager
