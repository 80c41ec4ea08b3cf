#pragma once

/// Statuses of HTTP (RFC 9110) that somebody here decides by.
namespace weir::http {

inline constexpr int kPartialContent = 206;
inline constexpr int kBadRequest = 400;
inline constexpr int kForbidden = 403;
inline constexpr int kNotFound = 404;
inline constexpr int kRequestTimeout = 408;
inline constexpr int kConflict = 409;
inline constexpr int kPreconditionFailed = 412;
inline constexpr int kRangeNotSatisfiable = 416;
inline constexpr int kTooManyRequests = 429;
inline constexpr int kServerError = 500;
inline constexpr int kNotImplemented = 501;

}  // namespace weir::http
