#include "taskmanager/worker/task/control_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/wire/encoding.h"

namespace weir::worker {

namespace {
constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kMostDescriptors = 16;

std::string frameOf(std::string_view body) {
  const auto length = static_cast<std::uint32_t>(body.size());
  std::string frame(sizeof length, '\0');
  std::memcpy(frame.data(), &length, sizeof length);
  frame += body;
  return frame;
}

}  // namespace

ControlSocket::~ControlSocket() {
  for (const int descriptor : descriptors_) {
    ::close(descriptor);
  }
  ::close(fd_);
}

Status ControlSocket::send(const runtime::WorkerReport& report) {
  return sendFrame(wire::encode(report));
}

Status ControlSocket::sendFrame(std::string_view body) {
  const std::string frame = frameOf(body);
  std::lock_guard lock(send_mutex_);
  return write(frame);
}

void ControlSocket::trySend(const runtime::WorkerReport& report) {
  const std::string frame = frameOf(wire::encode(report));
  const std::unique_lock lock(send_mutex_, std::try_to_lock);
  pollfd writable{fd_, POLLOUT, 0};
  if (lock.owns_lock() && ::poll(&writable, 1, 0) == 1 && (writable.revents & POLLOUT) != 0) {
    (void)write(frame).has_value();  // A socket that broke is seen by receive().
  }
}

Status ControlSocket::write(std::string_view frame) {
  for (std::size_t sent = 0; sent < frame.size();) {
    const ssize_t now = ::send(fd_, frame.data() + sent, frame.size() - sent, MSG_NOSIGNAL);
    if (now < 0 && errno != EINTR) {
      return systemError(errno, "report to the task manager");
    }
    sent += now > 0 ? static_cast<std::size_t>(now) : 0;
  }
  return ok();
}

Result<bool> ControlSocket::readMore() {
  std::array<char, kReadBytes> bytes;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kMostDescriptors * sizeof(int))> control;
  iovec place{bytes.data(), bytes.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno != ECONNRESET) {
    return systemError(errno, "read orders of the task manager");
  }
  if (count <= 0) {
    return false;
  }
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
      const std::size_t fds = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (std::size_t i = 0; i < fds; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
        descriptors_.push_back(fd);
      }
    }
  }
  input_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

bool ControlSocket::buffered() const {
  std::uint32_t length = 0;
  if (input_.size() < sizeof length) {
    return false;
  }
  std::memcpy(&length, input_.data(), sizeof length);
  return input_.size() - sizeof length >= length;
}

Result<std::optional<std::string>> ControlSocket::receiveFrame() {
  while (!buffered()) {
    WEIR_TRY(const bool more, readMore());
    if (!more) {
      return std::optional<std::string>();
    }
  }
  std::uint32_t length = 0;
  std::memcpy(&length, input_.data(), sizeof length);
  std::string frame = input_.substr(sizeof length, length);
  input_.erase(0, sizeof length + length);
  return std::optional<std::string>(std::move(frame));
}

Result<std::optional<ControlSocket::Received>> ControlSocket::receive() {
  WEIR_TRY(const auto frame, receiveFrame());
  if (!frame) {
    return std::optional<Received>();
  }
  WEIR_TRY(auto order, wire::decodeWorkerOrder(*frame));
  Received received{std::move(order), -1};
  if (std::holds_alternative<runtime::PeerConnection>(received.order) && !descriptors_.empty()) {
    received.descriptor = descriptors_.front();
    descriptors_.pop_front();
  }
  return std::optional<Received>(std::move(received));
}

}  // namespace weir::worker
