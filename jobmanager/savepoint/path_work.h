#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "jobmanager/checkpoint/file_work.h"

namespace weir::jobmanager {

/// File work in a queue for each path: paths that users name may hang, and hold up no other then.
/// Threads: the strand; see FileWork.
class PathWork {
 public:
  PathWork(concurrency::Executor& strand, concurrency::Executor& io, FileWork::Bounds bounds)
      : strand_(strand), io_(io), bounds_(bounds), all_(strand, io, bounds) {}

  /// As FileWork::run(), after what was given for the same path.
  template <typename Work, typename Done>
  void run(const std::string& path, Work work, Done done) {
    run(path, std::move(work), std::move(done), [](const auto&) {});
  }
  template <typename Work, typename Done, typename Late>
  void run(const std::string& path, Work work, Done done, Late late) {
    all_.hold();
    queueOf(path).run(
        std::move(work),
        [this, done = std::move(done)](auto&& answer) mutable {
          done(std::forward<decltype(answer)>(answer));
          all_.release();
        },
        std::move(late));
  }

  /// Counts something that is not run here as outstanding, until release().
  void hold() { all_.hold(); }
  void release() { all_.release(); }
  /// Calls `done` once nobody waits for anything.
  void whenIdle(std::function<void()> done) { all_.whenIdle(std::move(done)); }

 private:
  FileWork& queueOf(const std::string& path);

  concurrency::Executor& strand_;  // Borrowed from the dispatcher's owner, like the next.
  concurrency::Executor& io_;
  const FileWork::Bounds bounds_;
  std::map<std::string, std::unique_ptr<FileWork>> queues_;  // By path.
  FileWork all_;                                             // Counts what runs in the others.
};

}  // namespace weir::jobmanager
