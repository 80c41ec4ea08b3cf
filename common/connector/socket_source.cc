#include "common/connector/socket_source.h"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include <sys/socket.h>

#include "common/connector/raise.h"
#include "common/connector/socket.h"

namespace weir {
namespace {

constexpr std::chrono::milliseconds kRetryDelay(500);
constexpr std::chrono::milliseconds kSourceConnectTimeout(2000);
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
  if (got == 0) {
    return closed(context);
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return InputStatus::kNothingAvailable;
  }
  return broken(errno, context);
}

InputStatus SocketSource::connect(SourceContext<std::string>& context) {
  if (SteadyTime::clock::now() < next_try_) {
    context.pollAgainAt(next_try_);
    return InputStatus::kNothingAvailable;
  }
  auto socket = connector::connectTo(host_, port_, kSourceConnectTimeout);
  if (socket.has_value()) {
    socket_ = std::make_shared<UniqueFd>(*std::move(socket));
    failures_ = 0;
    return InputStatus::kMoreAvailable;
  }
  if (retries_ < 0 || ++failures_ <= retries_) {
    return waitForRetry(context);
  }
  if (!may_end_) {
    connector::raise(socket.error());
  }
  return InputStatus::kEndOfInput;
}

InputStatus SocketSource::closed(SourceContext<std::string>& context) {
  socket_.reset();
  may_end_ = true;
  if (!unfinished_.empty()) {
    context.collect(std::exchange(unfinished_, {}));
  }
  return retries_ == 0 ? InputStatus::kEndOfInput : waitForRetry(context);
}

InputStatus SocketSource::broken(int cause, SourceContext<std::string>& context) {
  socket_.reset();
  may_end_ = false;
  const std::string lost = unfinished_.empty() ? std::string()
                                               : ", in the middle of a line: the " +
                                                     std::to_string(unfinished_.size()) +
                                                     " bytes of it that came are dropped";
  const std::string from = "read from " + host_ + ":" + std::to_string(port_);
  if (retries_ == 0) {
    connector::raise(systemError(cause, from + lost)
                         .advise("the job fails, as what the server had to say is not known to "
                                 "have ended; SocketSource's `retries` connect again"));
  }
  std::fprintf(stderr, "weir: %s\n", systemError(cause, from + lost).text().c_str());
  unfinished_.clear();
  return waitForRetry(context);
}

InputStatus SocketSource::waitForRetry(SourceContext<std::string>& context) {
  next_try_ = SteadyTime::clock::now() + kRetryDelay;
  context.pollAgainAt(next_try_);
  return InputStatus::kNothingAvailable;
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
