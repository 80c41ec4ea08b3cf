#include "taskmanager/daemon/supervision/io_loop.h"

#include <chrono>
#include <future>
#include <mutex>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <pthread.h>

namespace weir::taskmanager {

namespace asio = boost::asio;

struct IoLoop::State {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::mutex join;
  std::thread thread;
};

/// The wait itself is shared with its handler, which may still be queued when the owner is gone.
class IoLoop::AsioTimer final : public Timer {
 public:
  AsioTimer(asio::io_context& context, Duration delay, Task task)
      : wait_(std::make_shared<Wait>(Wait{asio::steady_timer(context), std::move(task)})) {
    constexpr Duration kLongest = std::chrono::hours(24 * 365);
    wait_->timer.expires_after(
        std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::min(delay, kLongest)));
    wait_->timer.async_wait([wait = wait_](boost::system::error_code error) {
      if (!error && wait->task) {
        std::exchange(wait->task, nullptr)();
      }
    });
  }
  ~AsioTimer() override {
    wait_->task = nullptr;
    wait_->timer.cancel();
  }

 private:
  struct Wait {
    asio::steady_timer timer;
    Task task;
  };
  std::shared_ptr<Wait> wait_;
};

class IoLoop::AsioWatch final : public Watch {
 public:
  AsioWatch(asio::io_context& context, int fd, Task readable, Task writable)
      : shared_(std::make_shared<Shared>(Shared{asio::posix::stream_descriptor(context, fd),
                                                std::move(readable),
                                                std::move(writable)})) {}
  ~AsioWatch() override {
    shared_->alive = false;
    shared_->descriptor.release();
  }
  void awaitReadable() override {
    if (std::exchange(shared_->reading, true)) {
      return;
    }
    shared_->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                   [shared = shared_](boost::system::error_code) {
                                     shared->reading = false;
                                     if (shared->alive) {
                                       shared->readable();
                                     }
                                   });
  }
  void awaitWritable() override {
    if (std::exchange(shared_->writing, true)) {
      return;
    }
    shared_->descriptor.async_wait(asio::posix::stream_descriptor::wait_write,
                                   [shared = shared_](boost::system::error_code) {
                                     shared->writing = false;
                                     if (shared->alive) {
                                       shared->writable();
                                     }
                                   });
  }

 private:
  struct Shared {
    asio::posix::stream_descriptor descriptor;
    Task readable;
    Task writable;
    bool alive = true;
    bool reading = false;
    bool writing = false;
  };
  std::shared_ptr<Shared> shared_;  // With the handlers, which may still be queued.
};

IoLoop::IoLoop(const std::string& name) : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get(), name = name.substr(0, 15)] {
    ::pthread_setname_np(::pthread_self(), name.c_str());
    state->context.run();
  });
}

IoLoop::~IoLoop() { shutdown(); }

void IoLoop::post(Task task) { asio::post(state_->context, std::move(task)); }

std::unique_ptr<IoLoop::Timer> IoLoop::schedule(Duration delay, Task task) {
  return std::make_unique<AsioTimer>(state_->context, delay, std::move(task));
}

std::unique_ptr<IoLoop::Watch> IoLoop::watch(int fd, Task readable, Task writable) {
  return std::make_unique<AsioWatch>(state_->context, fd, std::move(readable), std::move(writable));
}

bool IoLoop::runSync(const std::function<void()>& function) {
  if (std::this_thread::get_id() == state_->thread.get_id()) {
    function();
    return true;
  }
  auto done = std::make_shared<std::promise<void>>();  // Shared with a task that may be dropped.
  auto finished = done->get_future();
  if (state_->context.stopped()) {
    return false;
  }
  post([done = std::move(done), &function] {
    function();
    done->set_value();
  });
  while (finished.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout) {
    if (state_->context.stopped()) {
      shutdown();  // Joined: nothing can run `function` any more.
      return finished.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    }
  }
  return true;
}

void IoLoop::shutdown() {
  state_->context.stop();
  std::lock_guard lock(state_->join);
  if (state_->thread.joinable()) {
    state_->thread.join();
  }
}

}  // namespace weir::taskmanager
