#include "taskmanager/worker/task/task_failure.h"

#include "common/base/text.h"
#include "common/functions/checkpointed.h"
#include "common/functions/transaction_error.h"
#include "common/state/state_error.h"
#include "taskmanager/worker/task/exception_text.h"

namespace weir::worker {

namespace {

/// Whether a task that threw this would throw it again after every restart.
bool isForGood(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const RestoreError& error) {
    return error.unrecoverable();
  } catch (const AccumulatorsTooLargeError&) {
    return true;
  } catch (const state::StateMismatchError&) {
    return true;
  } catch (const UnrecoverableError&) {
    return true;
  } catch (const TransactionError& error) {
    return isForGood(error.cause());
  } catch (...) {
    return false;
  }
}

std::string textOf(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const AccumulatorsTooLargeError& error) {
    return error.what();  // A sentence of ours, which needs no type.
  } catch (const TransactionError& error) {
    return std::string(error.what()) + ": " + textOf(error.cause());
  } catch (...) {
    return describeException(thrown);
  }
}

}  // namespace

TaskFailure failureOf(const std::exception_ptr& thrown, const std::string& place) {
  constexpr std::size_t kMostPlaceBytes = 1024;  // Is not to be cut off with the end of the text.
  std::string text = textOf(thrown);
  cutAloud(text, kMostTextBytes - kMostPlaceBytes);
  return {text + place, isForGood(thrown)};
}

}  // namespace weir::worker
