#include "jobmanager/savepoint/path_work.h"

#include "common/fs/location.h"

namespace weir::jobmanager {

FileWork& PathWork::queueOf(const std::string& path) {
  std::erase_if(queues_, [](const auto& one) { return one.second->empty() && one.second->idle(); });
  const auto location = fs::Location::parse(path);
  std::unique_ptr<FileWork>& queue = queues_[location ? location->uri() : path];
  if (queue == nullptr) {
    queue = std::make_unique<FileWork>(strand_, io_, bounds_, path);
  }
  return *queue;
}

}  // namespace weir::jobmanager
