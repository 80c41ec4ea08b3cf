// Look-ups that do not hold the stream up: visits get the city of their user from a service that
// takes its time, a hundred questions under way at once, and leave in the order that they came.
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include <weir/weir.h>

namespace {

struct Visit {
  std::string user;
  std::string page;
};

using Answer = weir::ResultFuture<std::string>;

// Stands for the client of a service: a few threads, each with one question at a time. It knows
// nothing of Weir but whom to answer.
class Directory {
 public:
  Directory(const std::string& path, std::chrono::milliseconds delay) : delay_(delay) {
    std::ifstream file(path);
    for (std::string user, city; file >> user >> city;) {
      cities_[user] = city;
    }
    for (int i = 0; i < 8; ++i) {
      threads_.emplace_back([this] { run(); });
    }
  }
  ~Directory() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  void ask(Visit visit, Answer answer) {
    {
      const std::lock_guard lock(mutex_);
      questions_.emplace_back(std::move(visit), std::move(answer));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return closed_ || !questions_.empty(); });
      if (closed_) {
        return;
      }
      auto [visit, answer] = std::move(questions_.front());
      questions_.pop_front();
      lock.unlock();
      reply(visit, answer);
      lock.lock();
    }
  }
  void reply(const Visit& visit, const Answer& answer) const {
    if (visit.user == "silent") {
      return;  // A question that gets lost: the time-out answers it.
    }
    std::this_thread::sleep_for(delay_);
    const auto found = cities_.find(visit.user);
    if (found == cities_.end()) {
      answer.complete({});  // Nobody of that name: the visit is left out.
    } else {
      answer.complete({visit.user + " of " + found->second + " saw " + visit.page});
    }
  }

  std::unordered_map<std::string, std::string> cities_;
  std::chrono::milliseconds delay_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::pair<Visit, Answer>> questions_;
  bool closed_ = false;
  std::vector<std::thread> threads_;
};

class FindCity : public weir::RichAsyncFunction<Visit, std::string> {
 public:
  FindCity(std::string path, std::chrono::milliseconds delay)
      : path_(std::move(path)), delay_(delay) {}
  void open(weir::RuntimeContext& /*context*/) override {
    directory_ = std::make_shared<Directory>(path_, delay_);
  }
  void close() override { directory_.reset(); }
  void asyncInvoke(const Visit& visit, Answer answer) override {
    directory_->ask(visit, std::move(answer));
  }
  // Without this the job would fail.
  void timeout(const Visit& visit, Answer answer) override {
    answer.complete({visit.user + " of nobody knows where saw " + visit.page});
  }

 private:
  std::string path_;
  std::chrono::milliseconds delay_;
  std::shared_ptr<Directory> directory_;  // Of one subtask: made in open(), gone in close().
};

Visit parse(const std::string& line) {
  std::istringstream words(line);
  Visit visit;
  words >> visit.user >> visit.page;
  return visit;
}

constexpr std::string_view kUsage = R"(Usage: user_lookups VISITS CITIES [DELAY]
Prints each visit with the city of its user.
  VISITS  a file of lines: user, page
  CITIES  a file of lines: user, city; where every worker finds it
  DELAY   of an answer, in milliseconds (default 20)
)";

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t delay = argc > 3 ? std::atoll(argv[3]) : 20;
  if (argc < 3 || argc > 4 || delay < 0) {
    const bool asked = argc == 2 && std::string_view(argv[1]) == "--help";
    (asked ? std::cout : std::cerr) << kUsage;
    return asked ? 0 : 2;
  }

  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  env.enableCheckpointing(std::chrono::seconds(1));
  auto visits = env.readTextFile(argv[1]).map(parse);
  weir::AsyncDataStream::orderedWait(
      visits, FindCity(argv[2], std::chrono::milliseconds(delay)), weir::Time::seconds(2), 100)
      .uid("cities")
      .name("Find the city")
      .print();
  env.execute("Cities of visitors");
}
