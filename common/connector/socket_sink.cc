#include "common/connector/socket_sink.h"

#include <cerrno>
#include <chrono>
#include <string_view>

#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "common/connector/raise.h"
#include "common/connector/socket.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kSinkConnectTimeout(5000);
constexpr int kLookAgainMillis = 5;

}  // namespace

void SocketSink::open(RuntimeContext& context) {
  context_ = &context;
  if (!context.isCheck()) {
    socket_ = std::make_shared<UniqueFd>(
        connector::orRaise(connector::connectTo(host_, port_, kSinkConnectTimeout)));
  }
}

void SocketSink::invoke(const std::string& line) {
  line_ = line;
  line_ += '\n';
  context_->enforceLease();
  for (std::string_view rest = line_; !rest.empty();) {
    // Without MSG_NOSIGNAL a server that is gone would end the whole worker with SIGPIPE.
    const ssize_t sent = ::send(socket_->get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      raiseLost(errno);
    }
    rest.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  }
}

void SocketSink::endInput() {
  const int fd = socket_->get();
  ::shutdown(fd, SHUT_WR);
  for (;;) {
    // Bytes of the server that nobody read would make close() reset the connection.
    char unread[1024];
    ssize_t got = 1;
    while (got > 0) {
      got = ::recv(fd, unread, sizeof unread, MSG_DONTWAIT);
    }
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      raiseLost(errno);
    }
    int pending = 0;
    ::ioctl(fd, SIOCOUTQ, &pending);  // With the end that shutdown() sent.
    int cause = 0;
    socklen_t size = sizeof cause;
    ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size);
    if (cause != 0) {
      raiseLost(cause);
    }
    if (pending == 0) {
      return;
    }
    ::poll(nullptr, 0, kLookAgainMillis);
  }
}

void SocketSink::raiseLost(int cause) const {
  connector::raise(
      systemError(cause, "send to " + host_ + ":" + std::to_string(port_))
          .advise("the server has ended the connection before it had all records; start it again "
                  "before the job"));
}

void SocketSink::close() { socket_.reset(); }

}  // namespace weir
