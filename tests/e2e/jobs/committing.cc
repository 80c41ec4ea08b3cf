// Writes the numbers below N to the outside exactly once: by transactions that are files, renamed
// when they are committed, by writeAsText(), and by a FileSink with buckets.
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "numbers.h"
#include <weir/weir.h>

namespace {

using Flags = std::map<std::string, std::string>;

struct FileTransaction {
  std::string temporary;
  std::string committed;
};

class CommittedFiles : public weir::TwoPhaseCommitSink<std::int64_t, FileTransaction> {
 public:
  explicit CommittedFiles(std::string directory) : directory_(std::move(directory)) {}
  void open(weir::RuntimeContext& context) override {
    std::filesystem::create_directories(directory_);
    name_ = context.task().job.hex() + "-" + std::to_string(context.getAttemptNumber()) + "-" +
            std::to_string(context.getIndexOfThisSubtask());
  }
  FileTransaction begin() override {
    const std::string name = name_ + "-" + std::to_string(++begun_);
    FileTransaction transaction{directory_ + "/.temporary-" + name, directory_ + "/" + name};
    file_ = std::make_shared<std::ofstream>(transaction.temporary);
    return transaction;
  }
  void invoke(FileTransaction& /*transaction*/, const std::int64_t& number) override {
    *file_ << number << '\n';
  }
  void preCommit(FileTransaction& transaction) override {
    file_->close();
    if (file_->fail()) {
      throw std::runtime_error("cannot write " + transaction.temporary);
    }
  }
  void commit(const FileTransaction& transaction) override {
    if (!std::filesystem::exists(transaction.committed)) {
      std::filesystem::rename(transaction.temporary, transaction.committed);
    }
  }
  void abort(const FileTransaction& transaction) override {
    std::filesystem::remove(transaction.temporary);
  }

 private:
  std::string directory_;
  std::string name_;
  std::int64_t begun_ = 0;
  std::shared_ptr<std::ofstream> file_;  // Of the current transaction.
};

}  // namespace

int main(int argc, char** argv) {
  Flags flags{{"interval", "200"}, {"count", "2000"}, {"rate", "1000"}, {"crash-log", "/dev/null"}};
  for (int i = 1; i + 1 < argc; i += 2) {
    flags[std::string(argv[i]).substr(2)] = argv[i + 1];
  }
  auto env = weir::StreamExecutionEnvironment::getExecutionEnvironment();
  if (const std::int64_t interval = std::stoll(flags["interval"]); interval > 0) {
    env.enableCheckpointing(std::chrono::milliseconds(interval));
  }
  const char* mode = std::getenv("WEIR_MODE");
  // The first worker that sees this dies there.
  if (!flags["crash-at"].empty() && mode != nullptr && std::string(mode) == "worker" &&
      !std::filesystem::exists(flags["marker"])) {
    std::ofstream(flags["marker"]) << "once";
    ::setenv("WEIR_CRASH_AT", flags["crash-at"].c_str(), 1);
    ::setenv("WEIR_CRASH_LOG", flags["crash-log"].c_str(), 1);
  }
  auto numbers = env.addSource(Numbers(std::stoll(flags["count"]), std::stoll(flags["rate"])))
                     .uid("numbers")
                     .rebalance();
  numbers.addSink(CommittedFiles(flags["dir"]), "Committed files").uid("committed");
  numbers.writeAsText(flags["text"]).uid("text");
  if (!flags["buckets"].empty()) {
    numbers
        .addSink(weir::FileSink<std::int64_t>::text(flags["buckets"])
                     .withBuckets([](const std::int64_t& number) {
                       return number % 3 == 0 ? std::string()
                                              : "by-rest/" + std::to_string(number % 3);
                     })
                     .withRolling({.most_bytes = 200}),
                 "Buckets")
        .uid("buckets");
  }
  env.execute("Committing");
}
