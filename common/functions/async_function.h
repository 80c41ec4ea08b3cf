#pragma once

#include <exception>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "common/functions/async_results.h"
#include "common/functions/rich_function.h"

/// What users implement for AsyncDataStream.
namespace weir {

/// No answer has come in time.
class AsyncTimeoutException : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Takes the answer to one record. Copyable, and safe from any thread at any time: only the first
/// answer counts, and one that comes when nobody waits for it any more is forgotten. Answers are
/// moved to the task's thread.
template <typename Out>
class ResultFuture {
 public:
  explicit ResultFuture(std::shared_ptr<functions::AsyncTicket<Out>> ticket)
      : ticket_(std::move(ticket)) {}
  /// The records to be emitted, if any.
  void complete(std::vector<Out> results) const { ticket_->answer({std::move(results), nullptr}); }
  /// Fails the task with this exception.
  void completeExceptionally(std::exception_ptr cause) const {
    if (cause == nullptr) {
      cause = std::make_exception_ptr(
          std::invalid_argument("completeExceptionally() was called without an exception"));
    }
    ticket_->answer({{}, std::move(cause)});
  }

 private:
  std::shared_ptr<functions::AsyncTicket<Out>> ticket_;  // Shared with the copies.
};

/// Asks somebody else about each record, and goes on before the answer comes.
///
/// What was asked and not answered when a snapshot was taken is asked again after a restore: asking
/// twice has to do no harm. The function has no keyed state.
template <typename In, typename Out>
class AsyncFunction {
 public:
  virtual ~AsyncFunction() = default;
  /// Asks, and returns at once; `result` gets the answer, now or later, here or on another thread.
  virtual void asyncInvoke(const In& value, ResultFuture<Out> result) = 0;
  /// No answer has come in time: gives one instead, or fails the task, as this does. On the task's
  /// thread; an answer that comes as late again fails the task.
  virtual void timeout(const In& /*value*/, ResultFuture<Out> result) {
    result.completeExceptionally(std::make_exception_ptr(AsyncTimeoutException(
        "an asynchronous call has not been answered in time: give it a longer timeout, or override "
        "AsyncFunction::timeout()")));
  }
};

template <typename In, typename Out>
class RichAsyncFunction : public AsyncFunction<In, Out>, public RichFunction {};

}  // namespace weir
