#include "common/base/error.h"

#include <cerrno>
#include <cstring>

#include "common/base/utf8.h"

namespace weir {

std::string_view toString(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return "InvalidArgument";
    case ErrorCode::kNotFound:
      return "NotFound";
    case ErrorCode::kUnavailable:
      return "Unavailable";
    case ErrorCode::kFenced:
      return "Fenced";
    case ErrorCode::kCorruption:
      return "Corruption";
    case ErrorCode::kInternal:
      return "Internal";
    case ErrorCode::kFailedPrecondition:
      return "FailedPrecondition";
    case ErrorCode::kResourceExhausted:
      return "ResourceExhausted";
    case ErrorCode::kDeadlineExceeded:
      return "DeadlineExceeded";
    case ErrorCode::kCancelled:
      return "Cancelled";
    case ErrorCode::kUserCode:
      return "UserCode";
    case ErrorCode::kIo:
      return "Io";
  }
  return "Unknown";
}

Error systemError(int errno_value, std::string_view what) {
  const ErrorCode code = errno_value == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo;
  // A path in it may hold line breaks.
  return Error(code, escaped(what) + ": " + std::strerror(errno_value));
}

}  // namespace weir
