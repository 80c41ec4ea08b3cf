#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include <boost/asio/buffer.hpp>
#include <boost/system/error_code.hpp>

#include "common/config/security.h"
#include "taskmanager/worker/network/io_thread.h"

namespace weir::worker {

/// A connected stream of bytes between two workers, whatever protects it. For .cc files.
///
/// One read and one write may be under way at a time; the buffers live until they are done. IO
/// thread only, but for construction and, after the IO thread stopped, destruction. An operation
/// that close() ends, or the destructor, is done with an error or not at all.
class ByteStream {
 public:
  using Done = std::function<void(const boost::system::error_code& error, std::size_t bytes)>;

  virtual ~ByteStream() = default;
  /// Fills the places in their order with what has come, at least a byte.
  virtual void readSome(std::span<const boost::asio::mutable_buffer> places, Done done) = 0;
  /// Sends all of the buffers.
  virtual void write(std::span<const boost::asio::const_buffer> buffers, Done done) = 0;
  virtual void close() = 0;
};

/// Takes over `fd`, a connected stream socket; operations fail when it is none.
std::unique_ptr<ByteStream> openStream(IoThread& io, int fd, const config::Security& security);

}  // namespace weir::worker
