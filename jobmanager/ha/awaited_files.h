#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/concurrency/executor.h"

namespace weir::ha {

/// How operations on the files of one place are waited for.
struct FileWait {
  concurrency::Executor& io;  ///< Runs them, on another thread than waits; shut down at the end.
  Duration patience;          ///< With what does not go on.
  std::string place;          ///< For people: where the files are.
};

/// An operation on files at `place` was given up after the patience, which is kUnavailable.
Error hangs(const std::string& place, Duration patience);

/// Runs `work` on the executor and waits for it, however long, as long as file operations of it
/// begin and end. Where none has for the patience, it is given up: kUnavailable, with what helps.
/// What it comes to then is dropped, so that `work` owns what it touches, or that outlives it.
Status awaitFiles(const FileWait& wait, std::function<Status()> work);

/// The same for who has nothing better to do than to wait on: what does not go on for the patience
/// is told once in the log, and so is its end. `standby` is who waits, for people. kCancelled
/// after `stop`, also while the work hangs.
Status outwaitFiles(const FileWait& wait,
                    const std::string& standby,
                    const std::stop_token& stop,
                    std::function<Status()> work);

/// The same of work that has a result: `await` is one of the two above, but for the work.
template <typename Await, typename Work>
auto awaitResult(Await await, Work work) -> std::invoke_result_t<Work&> {
  using Answer = std::invoke_result_t<Work&>;
  auto answer = std::make_shared<std::optional<Answer>>();  // Shared with work that is given up.
  WEIR_RETURN_IF_ERROR(await([answer, work = std::move(work)]() mutable -> Status {
    answer->emplace(work());
    return ok();
  }));
  return std::move(**answer);
}
template <typename Work>
  requires(!std::is_same_v<std::invoke_result_t<Work&>, Status>)
auto awaitFiles(const FileWait& wait, Work work) -> std::invoke_result_t<Work&> {
  return awaitResult(
      [&](std::function<Status()> whole) { return awaitFiles(wait, std::move(whole)); },
      std::move(work));
}
template <typename Work>
  requires(!std::is_same_v<std::invoke_result_t<Work&>, Status>)
auto outwaitFiles(const FileWait& wait,
                  const std::string& standby,
                  const std::stop_token& stop,
                  Work work) -> std::invoke_result_t<Work&> {
  return awaitResult(
      [&](std::function<Status()> whole) {
        return outwaitFiles(wait, standby, stop, std::move(whole));
      },
      std::move(work));
}

}  // namespace weir::ha
