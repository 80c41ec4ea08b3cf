#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// Why an operation failed, in terms a caller can act on. Append only: the numbers go on the wire.
enum class ErrorCode : std::uint8_t {
  kInvalidArgument = 1,     ///< The caller is wrong; the same call never succeeds.
  kNotFound = 2,            ///< What was named does not exist, or no longer.
  kUnavailable = 3,         ///< Try again later, perhaps elsewhere.
  kFenced = 4,              ///< A newer leader or attempt took over: stop at once, never retry.
  kCorruption = 5,          ///< Stored bytes contradict their checksum.
  kInternal = 6,            ///< A bug of ours.
  kFailedPrecondition = 7,  ///< The request is fine, the state of what it names is not.
  kResourceExhausted = 8,   ///< A bound (memory, slots, size) was reached.
  kDeadlineExceeded = 9,    ///< The time allowed passed; whether it happened is unknown.
  kCancelled = 10,          ///< Somebody asked for the end of it.
  kUserCode = 11,           ///< The user's function threw or the user's process died.
  kIo = 12,                 ///< The file system or network refused.
};

/// The constant's name without k, for logs and JSON.
std::string_view toString(ErrorCode code);

/// A failure as a value: a code to act on and one sentence to read.
///
/// The sentence starts in lower case and names job, operator or path. Context is added on the way
/// out with during(), outermost first, so that the whole reads as one sentence.
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  /// What the user can do about it; empty when the message already says so.
  const std::string& advice() const { return advice_; }

  /// Puts what was being done before the sentence: "open savepoint /x: ...".
  Error during(std::string_view what) && {
    message_ = std::string(what) + ": " + message_;
    return std::move(*this);
  }
  Error during(std::string_view what) const& { return Error(*this).during(what); }

  /// Attaches the next step, shown after "; " on the command line.
  Error advise(std::string advice) && {
    advice_ = std::move(advice);
    return std::move(*this);
  }

  /// Message and advice in one line.
  std::string text() const { return advice_.empty() ? message_ : message_ + "; " + advice_; }

 private:
  ErrorCode code_;
  std::string message_;
  std::string advice_;
};

/// The error of the current errno or a given one: kNotFound for ENOENT, kIo otherwise.
Error systemError(int errno_value, std::string_view what);

}  // namespace weir
