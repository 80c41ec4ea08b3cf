#include "common/s3/s3_range.h"

#include <algorithm>
#include <utility>

#include "common/http/status.h"

namespace weir::s3 {

Result<std::string> readRange(const S3Client& client,
                              const Place& place,
                              const std::string& tag,
                              std::uint64_t offset,
                              std::uint64_t length,
                              const http::RetryPolicy& retry) {
  Call call;
  call.place = place;
  call.headers = {"Range: bytes=" + std::to_string(offset) + "-" +
                  std::to_string(offset + length - 1)};
  if (!tag.empty()) {
    call.headers.push_back("If-Match: " + tag);
  }
  call.most_answer = std::max(length, http::kMostRefusal);
  return http::retried(retry, nullptr, [&](int /*tried*/) -> Result<std::string> {
    WEIR_TRY(auto answer, client.demand(call));
    const bool whole = answer.status != http::kPartialContent && offset == 0;
    if (answer.body.size() != length || (answer.status != http::kPartialContent && !whole)) {
      return Error(ErrorCode::kUnavailable,
                   "the object store sent " + std::to_string(answer.body.size()) + " bytes of " +
                       std::to_string(length));
    }
    return std::move(answer.body);
  });
}

}  // namespace weir::s3
