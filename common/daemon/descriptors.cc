#include "common/daemon/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::daemon {

namespace {

int openSpare() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

}  // namespace

void raiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

std::size_t descriptorLimit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

SpareDescriptor::SpareDescriptor() : descriptor_(openSpare()) {}

SpareDescriptor::~SpareDescriptor() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

bool SpareDescriptor::turnAway(int listener) {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
  const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection >= 0) {
    ::close(connection);
  }
  descriptor_ = openSpare();
  return connection >= 0;
}

}  // namespace weir::daemon
