#include "common/rpc/status.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace weir::rpc {

namespace {

/// First byte of details that are ours, raised when their form changes.
constexpr char kDetailsVersion = 1;
/// Foreign clients read this much; headers are bounded, and the details repeat the text.
constexpr std::size_t kMessageBytes = 1024;
/// Of the whole text; makeChannel() and Server allow headers of that size.
constexpr std::size_t kTextBytes = 256 * 1024;

grpc::StatusCode toGrpcCode(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return grpc::StatusCode::NOT_FOUND;
    case ErrorCode::kUnavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case ErrorCode::kFenced:
      return grpc::StatusCode::ABORTED;
    case ErrorCode::kCorruption:
      return grpc::StatusCode::DATA_LOSS;
    case ErrorCode::kInternal:
    case ErrorCode::kIo:
      return grpc::StatusCode::INTERNAL;
    case ErrorCode::kFailedPrecondition:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case ErrorCode::kResourceExhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case ErrorCode::kDeadlineExceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case ErrorCode::kCancelled:
      return grpc::StatusCode::CANCELLED;
    case ErrorCode::kUserCode:
      return grpc::StatusCode::UNKNOWN;
  }
  return grpc::StatusCode::INTERNAL;
}

ErrorCode fromGrpcCode(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNIMPLEMENTED:
      return ErrorCode::kInvalidArgument;
    case grpc::StatusCode::NOT_FOUND:
      return ErrorCode::kNotFound;
    case grpc::StatusCode::UNAVAILABLE:
      return ErrorCode::kUnavailable;
    case grpc::StatusCode::DATA_LOSS:
      return ErrorCode::kCorruption;
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return ErrorCode::kFailedPrecondition;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return ErrorCode::kResourceExhausted;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return ErrorCode::kDeadlineExceeded;
    case grpc::StatusCode::CANCELLED:
      return ErrorCode::kCancelled;
    default:  // ABORTED too: only our own details say that somebody is fenced.
      return ErrorCode::kInternal;
  }
}

/// Cut at a character, as gRPC's text is UTF-8.
std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) {
    return std::string(text);
  }
  std::size_t end = most;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return std::string(text.substr(0, end)) + " ...";
}

std::string encodeDetails(const Error& error) {
  const std::string message = shortened(error.message(), kTextBytes);
  std::string details = {kDetailsVersion, static_cast<char>(error.code())};
  details += std::to_string(message.size()) + ":" + message;
  return details + shortened(error.advice(), kTextBytes);
}

std::optional<Error> decodeDetails(std::string_view details) {
  if (details.size() < 4 || details[0] != kDetailsVersion) {
    return std::nullopt;
  }
  const auto code = static_cast<std::uint8_t>(details[1]);
  const std::size_t colon = details.find(':');
  if (code < static_cast<std::uint8_t>(ErrorCode::kInvalidArgument) || colon > 12) {
    return std::nullopt;
  }
  std::size_t length = 0;
  for (const char digit : details.substr(2, colon - 2)) {
    if (digit < '0' || digit > '9') {
      return std::nullopt;
    }
    length = length * 10 + static_cast<std::size_t>(digit - '0');
  }
  const std::string_view text = details.substr(colon + 1);
  if (length > text.size()) {
    return std::nullopt;
  }
  const bool known = code <= static_cast<std::uint8_t>(ErrorCode::kIo);
  return Error(known ? static_cast<ErrorCode>(code) : ErrorCode::kInternal,
               std::string(text.substr(0, length)))
      .advise(std::string(text.substr(length)));
}

}  // namespace

grpc::Status toGrpc(const Error& error) {
  return {toGrpcCode(error.code()), shortened(error.text(), kMessageBytes), encodeDetails(error)};
}

grpc::Status toGrpc(const Status& status) {
  return status.has_value() ? grpc::Status() : toGrpc(status.error());
}

Status fromGrpc(const grpc::Status& status) {
  return status.ok() ? ok() : Status(errorFromGrpc(status));
}

Error errorFromGrpc(const grpc::Status& status) {
  if (auto ours = decodeDetails(status.error_details())) {
    return *std::move(ours);
  }
  return {fromGrpcCode(status.error_code()),
          status.error_message().empty() ? "the peer gave no reason" : status.error_message()};
}

}  // namespace weir::rpc
