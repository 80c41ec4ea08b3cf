#include "common/connector/socket_source.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include <sys/socket.h>

#include "common/connector/raise.h"
#include "common/connector/socket.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kRetryDelay(500);
constexpr std::chrono::milliseconds kConnectTimeout(2000);
constexpr std::size_t kPieceBytes = 16 * 1024;

}  // namespace

SocketSource::SocketSource(std::string host, std::uint16_t port, std::string delimiter, int retries)
    : host_(std::move(host)),
      port_(port),
      delimiter_(delimiter.empty() ? "\n" : std::move(delimiter)),
      retries_(retries) {}

InputStatus SocketSource::pollNext(SourceContext<std::string>& context) {
  if (socket_ == nullptr) {
    return connect(context);
  }
  char piece[kPieceBytes];
  const ssize_t got = ::recv(socket_->get(), piece, sizeof piece, MSG_DONTWAIT);
  if (got > 0) {
    unfinished_.append(piece, static_cast<std::size_t>(got));
    emitComplete(context);
    return InputStatus::kMoreAvailable;
  }
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    return InputStatus::kNothingAvailable;
  }
  return disconnected(context);
}

InputStatus SocketSource::connect(SourceContext<std::string>& context) {
  if (SteadyTime::clock::now() < next_try_) {
    context.pollAgainAt(next_try_);
    return InputStatus::kNothingAvailable;
  }
  auto socket = connector::connectTo(host_, port_, kConnectTimeout);
  if (socket.has_value()) {
    socket_ = std::make_shared<connector::Descriptor>(*std::move(socket));
    ever_connected_ = true;
    failures_ = 0;
    return InputStatus::kMoreAvailable;
  }
  if (retries_ < 0 || ++failures_ <= retries_) {
    return waitForRetry(context);
  }
  if (!ever_connected_) {
    connector::raise(socket.error());
  }
  return end(context);
}

InputStatus SocketSource::disconnected(SourceContext<std::string>& context) {
  socket_.reset();
  return retries_ == 0 ? end(context) : waitForRetry(context);
}

InputStatus SocketSource::waitForRetry(SourceContext<std::string>& context) {
  next_try_ = SteadyTime::clock::now() + kRetryDelay;
  context.pollAgainAt(next_try_);
  return InputStatus::kNothingAvailable;
}

InputStatus SocketSource::end(SourceContext<std::string>& context) {
  if (!unfinished_.empty()) {
    context.collect(std::exchange(unfinished_, {}));
  }
  return InputStatus::kEndOfInput;
}

void SocketSource::emitComplete(SourceContext<std::string>& context) {
  std::size_t begin = 0;
  for (std::size_t end = unfinished_.find(delimiter_); end != std::string::npos;
       end = unfinished_.find(delimiter_, begin)) {
    std::size_t length = end - begin;
    if (delimiter_ == "\n" && length > 0 && unfinished_[end - 1] == '\r') {
      --length;
    }
    context.collect(unfinished_.substr(begin, length));
    begin = end + delimiter_.size();
  }
  unfinished_.erase(0, begin);
}

void SocketSource::close() { socket_.reset(); }

}  // namespace weir
