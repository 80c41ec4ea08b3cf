#include "common/connector/socket_sink.h"

#include <cerrno>
#include <chrono>
#include <string_view>

#include <sys/socket.h>

#include "common/connector/raise.h"
#include "common/connector/socket.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout(5000);

}  // namespace

void SocketSink::open(RuntimeContext& context) {
  if (!context.isCheck()) {
    socket_ = std::make_shared<connector::Descriptor>(
        connector::orRaise(connector::connectTo(host_, port_, kConnectTimeout)));
  }
}

void SocketSink::invoke(const std::string& line) {
  line_ = line;
  line_ += '\n';
  for (std::string_view rest = line_; !rest.empty();) {
    // Without MSG_NOSIGNAL a server that is gone would end the whole worker with SIGPIPE.
    const ssize_t sent = ::send(socket_->get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR) {
      connector::raise(systemError(errno, "send to " + host_ + ":" + std::to_string(port_)));
    }
    rest.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  }
}

void SocketSink::close() { socket_.reset(); }

}  // namespace weir
