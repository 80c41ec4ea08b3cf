#include "jobmanager/ha/zookeeper/blocking_client.h"

#include <algorithm>
#include <future>
#include <utility>

namespace weir::ha {
namespace {

using zookeeper::Client;
using zookeeper::SessionState;

Error over() { return {ErrorCode::kUnavailable, "the session with ZooKeeper is over"}; }

}  // namespace

Status BlockingClient::connect() {
  std::shared_ptr<Client> old;
  {
    const std::lock_guard lock(mutex_);
    old = std::exchange(client_, nullptr);
    state_ = SessionState::kConnecting;
    why_.reset();
  }
  executor_.runSync([&] { old.reset(); });
  auto opened = Client::open(settings_, executor_, [this](SessionState state, const Error& why) {
    sessionChanged(state, why);
  });
  if (!opened) {
    return std::move(opened).error();
  }
  std::shared_ptr<Client> made = *std::move(opened);
  bool closed = false;
  {
    const std::lock_guard lock(mutex_);
    closed = closed_;
    client_ = closed ? nullptr : made;
  }
  if (closed) {
    executor_.runSync([&] { made.reset(); });
    return over();
  }
  return awaitConnection();
}

void BlockingClient::sessionChanged(SessionState state, const Error& why) {
  bool lost = false;
  {
    const std::lock_guard lock(mutex_);
    lost = state == SessionState::kLost && state_ != SessionState::kConnecting && !closed_;
    if (client_) {
      granted_ = client_->sessionTimeout();
    }
    state_ = state;
    why_ = why;
  }
  changed_.notify_all();
  if (lost && lost_) {
    lost_(why);
  }
}

Status BlockingClient::awaitConnection() {
  std::unique_lock lock(mutex_);
  const auto limit = settings_.connection_timeout + std::max(settings_.session_timeout, granted_);
  changed_.wait_for(lock, limit, [this] {
    return closed_ || state_ == SessionState::kConnected || state_ == SessionState::kLost;
  });
  if (closed_) {
    return over();
  }
  if (state_ == SessionState::kConnected) {
    return ok();
  }
  return why_ ? *why_ : over();
}

bool BlockingClient::leaseHolds() const {
  const auto held = client();
  return held && held->leaseHolds();
}

void BlockingClient::close() {
  std::shared_ptr<Client> last;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    last = std::exchange(client_, nullptr);
  }
  changed_.notify_all();
  executor_.runSync([&] { last.reset(); });
  executor_.shutdown();
}

std::shared_ptr<Client> BlockingClient::client() const {
  const std::lock_guard lock(mutex_);
  return client_;
}

/// `ask(client, done)` runs on the executor; the client itself bounds how long its answer takes.
template <typename T, typename Ask>
Result<T> BlockingClient::ask(Ask ask) {
  // Shared, as a client that is closed drops what it has not answered: that breaks the promise.
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto answer = promise->get_future();
  executor_.post([this, ask = std::move(ask), promise = std::move(promise)] {
    if (const auto held = client()) {
      ask(*held, [promise](Result<T> result) { promise->set_value(std::move(result)); });
    }
  });
  try {
    return answer.get();
  } catch (const std::future_error&) {
    return over();
  }
}

Result<zookeeper::Node> BlockingClient::get(const std::string& path, Client::Watcher changed) {
  return ask<zookeeper::Node>([path, changed = std::move(changed)](Client& client, auto done) {
    client.get(path, std::move(done), changed);
  });
}

Result<std::optional<zookeeper::NodeStat>> BlockingClient::exists(const std::string& path,
                                                                  Client::Watcher changed) {
  return ask<std::optional<zookeeper::NodeStat>>(
      [path, changed = std::move(changed)](Client& client, auto done) {
        client.exists(path, std::move(done), changed);
      });
}

Result<std::vector<std::string>> BlockingClient::children(const std::string& path) {
  return ask<std::vector<std::string>>(
      [path](Client& client, auto done) { client.children(path, std::move(done)); });
}

Result<std::string> BlockingClient::create(const std::string& path,
                                           std::string_view data,
                                           zookeeper::Lifetime lifetime) {
  return ask<std::string>([path, data = std::string(data), lifetime](Client& client, auto done) {
    client.create(path, data, lifetime, std::move(done));
  });
}

Status BlockingClient::remove(const std::string& path) {
  return ask<std::monostate>([path](Client& client, auto done) {
    client.remove(path, zookeeper::kAnyVersion, std::move(done));
  });
}

zookeeper::MultiReply BlockingClient::multi(const std::vector<zookeeper::Operation>& operations) {
  auto answer = ask<zookeeper::MultiReply>([operations](Client& client, auto done) {
    client.multi(operations, [done](zookeeper::MultiReply reply) { done(std::move(reply)); });
  });
  if (answer) {
    return *std::move(answer);
  }
  zookeeper::MultiReply reply;
  reply.error = std::move(answer).error();
  return reply;
}

Result<zookeeper::Node> BlockingClient::read(const std::string& path) {
  for (;;) {
    auto node = get(path);
    if (node || !isUnknown(node.error())) {
      return node;
    }
    WEIR_RETURN_IF_ERROR(awaitConnection());
  }
}

Result<std::vector<std::string>> BlockingClient::list(const std::string& path) {
  for (;;) {
    auto names = children(path);
    if (names || !isUnknown(names.error())) {
      return names;
    }
    WEIR_RETURN_IF_ERROR(awaitConnection());
  }
}

Status BlockingClient::make(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    Status made = ok();
    do {
      const auto created = create(part, "", zookeeper::Lifetime::kPersistent);
      made = created ? ok() : Status(created.error());
      if (!made && isUnknown(made.error())) {
        WEIR_RETURN_IF_ERROR(awaitConnection());
        continue;
      }
      break;
    } while (true);
    if (!made && made.error().code() != ErrorCode::kFailedPrecondition) {
      return made;
    }
    if (end == std::string::npos) {
      return ok();
    }
  }
}

}  // namespace weir::ha
