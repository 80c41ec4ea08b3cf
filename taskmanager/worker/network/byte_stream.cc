#include "taskmanager/worker/network/byte_stream.h"

#include <utility>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

namespace weir::worker {
namespace {

using boost::asio::ip::tcp;

class PlainStream final : public ByteStream {
 public:
  PlainStream(IoThread& io, int fd) : socket_(io.context()) {
    boost::system::error_code error;
    socket_.assign(tcp::v4(), fd, error);
    if (!error) {
      socket_.non_blocking(true, error);
      socket_.set_option(tcp::no_delay(true), error);
    }
  }

  void readSome(std::span<const boost::asio::mutable_buffer> places, Done done) override {
    socket_.async_read_some(places, std::move(done));
  }
  void write(std::span<const boost::asio::const_buffer> buffers, Done done) override {
    boost::asio::async_write(socket_, buffers, std::move(done));
  }
  void close() override {
    boost::system::error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

}  // namespace

std::unique_ptr<ByteStream> openStream(IoThread& io, int fd, const config::Security& /*security*/) {
  return std::make_unique<PlainStream>(io, fd);
}

}  // namespace weir::worker
