#include "taskmanager/worker/network/io_thread.h"

#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <pthread.h>

namespace weir::worker {

namespace asio = boost::asio;

struct IoThread::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

IoThread::IoThread() : impl_(std::make_unique<Impl>()) {}

IoThread::~IoThread() { stop(); }

void IoThread::start() {
  impl_->thread = std::thread([this] {
    pthread_setname_np(pthread_self(), "network");
    impl_->context.run();
  });
}

void IoThread::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

void IoThread::stop() {
  impl_->context.stop();
  if (impl_->thread.joinable()) {
    impl_->thread.join();
  }
}

asio::io_context& IoThread::context() { return impl_->context; }

}  // namespace weir::worker
