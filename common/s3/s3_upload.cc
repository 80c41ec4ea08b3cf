#include "common/s3/s3_upload.h"

#include <sstream>
#include <utility>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

#include "common/http/status.h"
#include "common/http/xml.h"

namespace weir::s3 {
namespace {

constexpr const char* kMark = "x-amz-meta-weir-writer";
constexpr const char* kOnlyNew = "If-None-Match: *";

using boost::property_tree::ptree;

std::string textIn(const http::Answer& answer, const char* path) {
  const auto tree = http::parseXml(answer.body);
  return tree ? tree->get(path, "") : "";
}

Error taken() { return {ErrorCode::kFailedPrecondition, "the file exists already"}; }

}  // namespace

Status abortUpload(const S3Client& client, const Place& place, const std::string& upload) {
  Call call;
  call.method = "DELETE";
  call.place = place;
  call.parameters = {{"uploadId", upload}};
  WEIR_TRY(const auto answer, client.send(call));
  return answer.isSuccess() || answer.status == http::kNotFound ? ok() : Status(errorOf(answer));
}

Status abortUploads(const S3Client& client,
                    const Place& directory,
                    const std::vector<Upload>& uploads,
                    const fs::UnfinishedFiles::IsOurs& is_ours) {
  for (const Upload& one : uploads) {
    const std::string_view name = std::string_view(one.key).substr(directory.key.size());
    if (!is_ours || (name.find('/') == std::string_view::npos && is_ours(name))) {
      WEIR_RETURN_IF_ERROR(abortUpload(client, {directory.bucket, one.key}, one.id));
    }
  }
  return ok();
}

S3Upload::S3Upload(std::shared_ptr<const S3Client> client, Place place, std::string mark)
    : client_(std::move(client)), place_(std::move(place)), mark_(std::move(mark)) {}

Status S3Upload::begin() {
  WEIR_RETURN_IF_ERROR(refuseTaken());
  Call call;
  call.method = "POST";
  call.place = place_;
  call.parameters = {{"uploads", ""}};
  call.headers = {"Content-Type: application/octet-stream", std::string(kMark) + ": " + mark_};
  WEIR_TRY(const auto answer, client_->demand(call));
  upload_ = textIn(answer, "InitiateMultipartUploadResult.UploadId");
  return upload_.empty() ? Status(Error(ErrorCode::kIo, "the object store names no upload")) : ok();
}

Status S3Upload::putPart(std::uint32_t number, std::string_view bytes) {
  Call call;
  call.method = "PUT";
  call.place = place_;
  call.parameters = {{"partNumber", std::to_string(number + 1)}, {"uploadId", upload_}};
  call.body = bytes;
  call.stop = &stop_;
  WEIR_TRY(const auto answer, client_->demand(call));
  const std::string tag = answer.header("etag");
  if (tag.empty()) {
    return Error(ErrorCode::kIo, "the object store acknowledges a part without a tag");
  }
  const std::lock_guard lock(mutex_);
  tags_[number] = tag;
  return ok();
}

bool S3Upload::isOurs() const {
  Call call;
  call.method = "HEAD";
  call.place = place_;
  const auto answer = client_->send(call);
  return answer && answer->isSuccess() && answer->header(kMark) == mark_;
}

Status S3Upload::refuseTaken() const {
  Call call;
  call.method = "HEAD";
  call.place = place_;
  WEIR_TRY(const auto answer, client_->send(call));
  if (answer.isSuccess()) {
    return taken();
  }
  return answer.status == http::kNotFound ? ok() : Status(errorOf(answer));
}

Result<http::Answer> S3Upload::publish(Call call) {
  call.place = place_;
  call.headers.emplace_back(kOnlyNew);
  WEIR_TRY(auto answer, client_->send(call));
  if (answer.status == http::kNotImplemented) {  // The server does not know the condition.
    call.headers.pop_back();
    WEIR_TRY(answer, client_->send(call));
  }
  // A first answer that was lost makes the repeated request meet its own work.
  const bool met_another = answer.status == http::kPreconditionFailed ||
                           answer.status == http::kConflict ||
                           (answer.status == http::kNotFound && !upload_.empty());
  if (met_another && isOurs()) {
    answer.status = 200;
    answer.body.clear();
  } else if (answer.status == http::kPreconditionFailed) {
    return taken();
  }
  if (!answer.isSuccess()) {
    return errorOf(answer);
  }
  return answer;
}

Status S3Upload::publishWhole(std::string_view bytes) {
  WEIR_RETURN_IF_ERROR(refuseTaken());
  Call call;
  call.method = "PUT";
  call.headers = {"Content-Type: application/octet-stream", std::string(kMark) + ": " + mark_};
  call.body = bytes;
  WEIR_TRY([[maybe_unused]] const auto answer, publish(std::move(call)));
  return ok();
}

Status S3Upload::publishParts(std::uint32_t parts, std::uint64_t bytes) {
  WEIR_RETURN_IF_ERROR(refuseTaken());
  ptree list;
  for (const auto& [number, tag] : tags_) {
    ptree part;
    part.put("PartNumber", number + 1);
    part.put("ETag", tag);
    list.add_child("CompleteMultipartUpload.Part", part);
  }
  if (tags_.size() != parts) {
    return Error(ErrorCode::kInternal, "parts are missing");
  }
  std::ostringstream body;
  boost::property_tree::write_xml(body, list);
  const std::string text = body.str();
  Call call;
  call.method = "POST";
  call.parameters = {{"uploadId", upload_}};
  call.headers = {"Content-Type: application/xml"};
  call.body = text;
  WEIR_TRY(const auto answer, publish(std::move(call)));
  if (const std::string code = textIn(answer, "Error.Code"); !code.empty()) {
    return errorOf(answer);  // This request answers 200 before it knows how it ends.
  }
  Call look;
  look.method = "HEAD";
  look.place = place_;
  WEIR_TRY(const auto stored, client_->demand(look));
  if (stored.header("content-length") != std::to_string(bytes)) {
    return Error(ErrorCode::kCorruption,
                 "the object store keeps " + stored.header("content-length") + " bytes of " +
                     std::to_string(bytes));
  }
  return ok();
}

void S3Upload::abandon() {
  if (!upload_.empty()) {
    static_cast<void>(abortUpload(*client_, place_, upload_));  // Removal of the directory does it.
  }
}

}  // namespace weir::s3
