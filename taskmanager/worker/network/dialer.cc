#include "taskmanager/worker/network/dialer.h"

#include <algorithm>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

namespace weir::worker {

namespace asio = boost::asio;
using asio::ip::tcp;
using Clock = std::chrono::steady_clock;

struct Dialer::Impl {
  Impl(IoThread& io, std::string peer_host, std::uint16_t peer_port)
      : host(std::move(peer_host)),
        port(peer_port),
        resolver(io.context()),
        socket(io.context()),
        retry(io.context()),
        limit(io.context()) {}

  void start(std::chrono::milliseconds budget) {
    deadline = Clock::now() + budget;
    wait = std::chrono::milliseconds(20);
    limit.expires_at(deadline);
    limit.async_wait([this](const auto& error) {
      if (!error) {
        boost::system::error_code ignored;
        resolver.cancel();
        socket.close(ignored);
      }
    });
    attempt();
  }

  void attempt() {
    resolver.async_resolve(host,
                           std::to_string(port),
                           tcp::resolver::numeric_service,
                           [this](const auto& error, const tcp::resolver::results_type& endpoints) {
                             if (error) {
                               return again(unresolved(error));
                             }
                             asio::async_connect(
                                 socket, endpoints, [this](const auto& failure, const auto&) {
                                   if (failure) {
                                     return again(reason(failure));
                                   }
                                   connected();
                                 });
                           });
  }

  void connected() {
    limit.cancel();
    boost::system::error_code error;
    const int fd = socket.release(error);
    std::exchange(done, nullptr)(error ? -1 : fd, error ? error.message() : std::string());
  }

  static std::string reason(const boost::system::error_code& error) {
    return error == asio::error::operation_aborted ? "no answer in time" : error.message();
  }
  std::string unresolved(const boost::system::error_code& error) const {
    return "the name '" + host + "' of its task manager does not resolve here: " + reason(error) +
           "; set taskmanager.hostname of that task manager to an address, or to a name that all "
           "machines know";
  }

  void again(const std::string& why) {
    boost::system::error_code ignored;
    socket.close(ignored);
    if (Clock::now() + wait >= deadline) {
      limit.cancel();
      return std::exchange(done, nullptr)(-1, why);
    }
    retry.expires_after(wait);
    wait = std::min(wait * 2, std::chrono::milliseconds(500));
    retry.async_wait([this](const auto& cancelled) {
      if (!cancelled) {
        attempt();
      }
    });
  }

  const std::string host;
  const std::uint16_t port;
  tcp::resolver resolver;
  tcp::socket socket;
  asio::steady_timer retry;
  asio::steady_timer limit;
  Clock::time_point deadline;
  std::chrono::milliseconds wait{0};
  Done done;
};

Dialer::Dialer(IoThread& io, std::string host, std::uint16_t port)
    : impl_(std::make_unique<Impl>(io, std::move(host), port)) {}

Dialer::~Dialer() = default;

void Dialer::dial(std::chrono::milliseconds budget, Done done) {
  impl_->done = std::move(done);
  impl_->start(budget);
}

void Dialer::pause(std::chrono::milliseconds pause, std::function<void()> then) {
  impl_->retry.expires_after(pause);
  impl_->retry.async_wait([then = std::move(then)](const auto& cancelled) {
    if (!cancelled) {
      then();
    }
  });
}

}  // namespace weir::worker
