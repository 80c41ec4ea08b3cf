#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/http/retry.h"
#include "common/s3/s3_client.h"

namespace weir::s3 {

/// Reads exactly this range of the object that had this tag; one that was replaced since is an
/// error. What came short is asked for again.
Result<std::string> readRange(const S3Client& client,
                              const Place& place,
                              const std::string& tag,
                              std::uint64_t offset,
                              std::uint64_t length,
                              const http::RetryPolicy& retry);

}  // namespace weir::s3
