#include "taskmanager/daemon/supervision/worker_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>

namespace weir::taskmanager {

namespace {

constexpr std::size_t kHeaderBytes = 4;
constexpr std::size_t kReadBytes = 256 * 1024;

std::uint32_t lengthAt(const std::string& bytes, std::size_t at) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kHeaderBytes; ++i) {
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return length;
}

ssize_t sendWith(int socket, std::string_view bytes, int descriptor) {
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (descriptor >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
  }
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

WorkerSocket::WorkerSocket(IoLoop& loop, UniqueFd socket, OnFrame on_frame, OnEnd on_end)
    : loop_(loop),
      socket_(std::move(socket)),
      on_frame_(std::move(on_frame)),
      on_end_(std::move(on_end)) {
  ::fcntl(socket_.get(), F_SETFL, ::fcntl(socket_.get(), F_GETFL) | O_NONBLOCK);
  watch_ = loop_.watch(socket_.get(), [this] { onReadable(); }, [this] { onWritable(); });
  watch_->awaitReadable();
}

void WorkerSocket::send(std::string_view message, UniqueFd descriptor) {
  if (broken_) {
    return;
  }
  Outgoing frame;
  frame.bytes.reserve(kHeaderBytes + message.size());
  for (std::size_t i = 0; i < kHeaderBytes; ++i) {
    frame.bytes.push_back(static_cast<char>(message.size() >> (8 * i)));
  }
  frame.bytes.append(message);
  frame.descriptor = std::move(descriptor);
  queue_.push_back(std::move(frame));
  if (queue_.size() == 1) {
    onWritable();
  }
}

void WorkerSocket::onWritable() {
  while (!queue_.empty()) {
    Outgoing& frame = queue_.front();
    const std::string_view rest = std::string_view(frame.bytes).substr(frame.sent);
    const ssize_t sent = sendWith(socket_.get(), rest, frame.descriptor.get());
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      watch_->awaitWritable();
      return;
    }
    if (sent < 0) {
      broken_ = true;  // The peer is gone; reading tells the owner.
      queue_.clear();
      return;
    }
    frame.descriptor.reset();
    frame.sent += static_cast<std::size_t>(sent);
    if (frame.sent == frame.bytes.size()) {
      queue_.pop_front();
    }
  }
}

void WorkerSocket::setReading(bool reading) {
  reading_ = reading;
  if (reading_ && !ended_) {
    watch_->awaitReadable();
  }
}

void WorkerSocket::onReadable() {
  if (!reading_ || ended_) {
    return;
  }
  readSome();
  if (reading_ && !ended_) {
    watch_->awaitReadable();
  }
}

void WorkerSocket::drain() {
  while (!ended_ && readSome()) {
  }
}

bool WorkerSocket::readSome() {
  const std::size_t before = buffer_.size();
  buffer_.resize(before + kReadBytes);
  const ssize_t got = ::recv(socket_.get(), buffer_.data() + before, kReadBytes, MSG_DONTWAIT);
  const int error = errno;
  buffer_.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
  if (got > 0) {
    return parseFrames();
  }
  if (got < 0 && error == EINTR) {
    return true;
  }
  if (got < 0 && (error == EAGAIN || error == EWOULDBLOCK)) {
    return false;
  }
  end(got == 0 || error == ECONNRESET ? "" : std::strerror(error));
  return false;
}

bool WorkerSocket::parseFrames() {
  std::size_t at = 0;
  while (buffer_.size() - at >= kHeaderBytes) {
    const std::uint64_t length = lengthAt(buffer_, at);
    if (length > kMaxFrameBytes) {
      end("it sent a frame of " + std::to_string(length) + " bytes");
      return false;
    }
    if (buffer_.size() - at < kHeaderBytes + length) {
      buffer_.reserve(kHeaderBytes + length + kReadBytes);
      break;
    }
    on_frame_(buffer_.substr(at + kHeaderBytes, length));
    at += kHeaderBytes + length;
  }
  buffer_.erase(0, at);
  return true;
}

void WorkerSocket::end(std::string reason) {
  ended_ = true;
  on_end_(std::move(reason));
}

}  // namespace weir::taskmanager
