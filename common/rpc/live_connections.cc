#include "common/rpc/live_connections.h"

#include <algorithm>
#include <utility>

#include <sys/stat.h>

namespace weir::rpc {

namespace {

/// 0 when it is closed.
ino_t fileOf(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 ? status.st_ino : 0;
}

}  // namespace

std::size_t LiveConnections::countOf(const std::string& host) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(live_, [&](const Live& one) { return one.host == host; }));
}

void LiveConnections::forgetClosed() {
  std::erase_if(live_, [](const Live& one) { return fileOf(one.descriptor) != one.file; });
}

std::string LiveConnections::refusal(const std::string& host) {
  const std::size_t most_of_host = (most_ + 1) / 2;
  if (live_.size() < most_ && countOf(host) < most_of_host) {
    return "";
  }
  forgetClosed();
  const std::size_t of_host = countOf(host);
  if (live_.size() < most_ && of_host < most_of_host) {
    return "";
  }
  return std::to_string(live_.size()) + " of at most " + std::to_string(most_) +
         " connections are open, " + std::to_string(of_host) + " of them to " + host +
         ", which may have half; close some, or raise jobmanager.rpc.max-connections";
}

void LiveConnections::add(int descriptor, std::string host) {
  live_.push_back({descriptor, fileOf(descriptor), std::move(host)});
}

}  // namespace weir::rpc
