#include "common/s3/s3_listing.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/unique_fd.h"

namespace weir::s3 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// An object store that answers each request by what the test makes of its first line.
class FakeStore {
 public:
  using Answer = std::function<std::string(const std::string& line)>;

  explicit FakeStore(Answer answer) : answer_(std::move(answer)) {
    listening_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(listening_.get(), any, size), 0);
    EXPECT_EQ(::listen(listening_.get(), 8), 0);
    EXPECT_EQ(::getsockname(listening_.get(), any, &size), 0);
    endpoint_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeStore() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }
  FakeStore(const FakeStore&) = delete;
  FakeStore& operator=(const FakeStore&) = delete;

  S3Client client() const {
    S3Settings settings;
    settings.endpoint = endpoint_;
    settings.region = "us-east-1";
    settings.access_key = "weir";
    settings.secret_key = "secret";
    return {settings, std::make_shared<http::HttpClient>(http::HttpClient::Settings{}), {}};
  }
  std::vector<std::string> lines() {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  void serve() {
    while (true) {
      const UniqueFd one(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!one) {
        return;
      }
      std::string request;
      char piece[4096];
      while (request.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(one.get(), piece, sizeof piece, 0);
        if (got <= 0) {
          break;
        }
        request.append(piece, static_cast<std::size_t>(got));
      }
      const std::string line = request.substr(0, request.find("\r\n"));
      {
        const std::lock_guard lock(mutex_);
        lines_.push_back(line);
      }
      const std::string body = answer_(line);
      const std::string all =
          "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n\r\n" + body;
      ::send(one.get(), all.data(), all.size(), MSG_NOSIGNAL);
    }
  }

  const Answer answer_;
  UniqueFd listening_;
  std::string endpoint_;
  std::mutex mutex_;
  std::vector<std::string> lines_;
  std::thread thread_;
};

std::string page(const std::string& uploads, const std::string& end) {
  return "<ListMultipartUploadsResult><EncodingType>url</EncodingType>" + uploads + end +
         "</ListMultipartUploadsResult>";
}

std::string upload(const std::string& key, const std::string& id) {
  return "<Upload><Key>" + key + "</Key><UploadId>" + id + "</UploadId></Upload>";
}

std::string more(const std::string& key, const std::string& id) {
  return "<IsTruncated>true</IsTruncated><NextKeyMarker>" + key +
         "</NextKeyMarker><NextUploadIdMarker>" + id + "</NextUploadIdMarker>";
}

TEST(S3ListingTest, UploadsAreListedFromPageToPage) {
  FakeStore store([](const std::string& line) {
    if (line.find("key-marker=d%2Fa%20b&") != std::string::npos &&
        line.find("upload-id-marker=2") != std::string::npos) {
      return page(upload("d/c", "3") + upload("e", "4"), "<IsTruncated>false</IsTruncated>");
    }
    return page(upload("d/a+b", "1") + upload("d/a+b", "2"), more("d/a+b", "2"));
  });
  const auto uploads = listUploads(store.client(), {"weir", "d/"});
  ASSERT_TRUE(uploads.has_value()) << uploads.error().text();
  std::vector<std::string> found;
  for (const Upload& one : *uploads) {
    found.push_back(one.key + " " + one.id);
  }
  EXPECT_THAT(found, ElementsAre("d/a b 1", "d/a b 2", "d/c 3"));
  EXPECT_EQ(store.lines().size(), 2U);
}

TEST(S3ListingTest, AStoreThatGoesOnWithTheSameUploadsIsAnError) {
  FakeStore store(
      [](const std::string& /*line*/) { return page(upload("d/a", "1"), more("d/a", "1")); });
  const auto uploads = listUploads(store.client(), {"weir", "d/"});
  ASSERT_FALSE(uploads.has_value());
  EXPECT_THAT(uploads.error().text(), HasSubstr("does not say how"));
  EXPECT_EQ(store.lines().size(), 2U);
}

TEST(S3ListingTest, PagesWithoutAnEndAreGivenUp) {
  int number = 0;
  FakeStore store([&number](const std::string& /*line*/) {
    return page("", more("d/a", std::to_string(++number)));
  });
  const auto uploads = listUploads(store.client(), {"weir", "d/"});
  ASSERT_FALSE(uploads.has_value());
  EXPECT_EQ(uploads.error().code(), ErrorCode::kResourceExhausted);
  EXPECT_EQ(store.lines().size(), 1000U);
}

}  // namespace
}  // namespace weir::s3
