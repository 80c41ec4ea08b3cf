// Asks another thread about each number, which answers after a while, not in order; of some it
// never does.
//   --count N --rate N --out PATH
//   --ordered 0|1 --capacity N
//   --delay MS     until an answer, at the longest
//   --silent N     every N-th number is answered by the time-out alone
//   --timeout MS   until then
//   --apart 0|1    whether the numbers come over a network
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "numbers.h"
#include <weir/weir.h>

namespace {

using Steady = std::chrono::steady_clock;

// The service: a thread that answers when its time has come.
class Service {
 public:
  Service() : thread_([this] { run(); }) {}
  ~Service() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  void ask(Steady::time_point due, std::int64_t number, weir::ResultFuture<std::string> result) {
    {
      const std::lock_guard lock(mutex_);
      open_.emplace(due, std::pair(number, std::move(result)));
    }
    changed_.notify_all();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopped_) {
      if (open_.empty()) {
        changed_.wait(lock);
      } else if (open_.begin()->first > Steady::now()) {
        changed_.wait_until(lock, Steady::time_point(open_.begin()->first));
      } else {
        auto [number, result] = open_.begin()->second;
        open_.erase(open_.begin());
        lock.unlock();
        result.complete({"answer " + std::to_string(number)});
        result.complete({"twice"});
        lock.lock();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Steady::time_point, std::pair<std::int64_t, weir::ResultFuture<std::string>>> open_;
  bool stopped_ = false;
  std::thread thread_;
};

class Ask : public weir::RichAsyncFunction<std::int64_t, std::string> {
 public:
  Ask(std::int64_t delay, std::int64_t silent) : delay_(delay), silent_(silent) {}
  void open(weir::RuntimeContext& /*context*/) override { service_ = std::make_shared<Service>(); }
  void close() override { service_.reset(); }
  void asyncInvoke(const std::int64_t& number, weir::ResultFuture<std::string> result) override {
    if (silent_ == 0 || number % silent_ != 0) {
      service_->ask(Steady::now() + std::chrono::milliseconds(number * 7919 % (delay_ + 1)),
                    number,
                    std::move(result));
    }
  }
  void timeout(const std::int64_t& number, weir::ResultFuture<std::string> result) override {
    result.complete({"answer " + std::to_string(number)});
  }

 private:
  std::int64_t delay_;
  std::int64_t silent_;
  std::shared_ptr<Service> service_;  // Of one copy: made in open().
};

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> flags = {{"rate", "500"},
                                              {"ordered", "1"},
                                              {"capacity", "40"},
                                              {"delay", "50"},
                                              {"silent", "0"},
                                              {"timeout", "500"},
                                              {"apart", "0"}};
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::milliseconds(100));
  auto numbers =
      env.addSource(Numbers(std::stoll(flags["count"]), std::stoll(flags["rate"]))).uid("numbers");
  weir::DataStream<std::int64_t> sent = numbers;
  if (flags["apart"] == "1") {
    sent = numbers.rebalance();
  }
  const Ask ask(std::stoll(flags["delay"]), std::stoll(flags["silent"]));
  const std::int64_t capacity = std::stoll(flags["capacity"]);
  const auto timeout = std::chrono::milliseconds(std::stoll(flags["timeout"]));
  auto answers = flags["ordered"] == "1"
                     ? weir::AsyncDataStream::orderedWait(sent, ask, timeout, capacity)
                     : weir::AsyncDataStream::unorderedWait(sent, ask, timeout, capacity);
  answers.uid("asks").writeAsText(flags["out"]).uid("out");
  env.execute("asking");
}
