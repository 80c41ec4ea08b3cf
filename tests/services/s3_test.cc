#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/fs/unfinished_files.h"
#include "common/http/transfers.h"
#include "common/s3/s3_listing.h"
#include "tests/services/servers.h"
#include "tests/unit/common/fs/patterned.h"

namespace weir::services {
namespace {

using fs::writeAll;
using ::testing::HasSubstr;
using ::testing::Not;

/// An object store, by itself and behind a proxy that breaks things.
class S3Test : public ::testing::Test {
 protected:
  S3Test()
      : proxy_(variable("WEIR_TEST_S3_PROXY")),
        files_(remote::fileSystems(
            configurationWith(config::kS3Endpoint, "http://" + proxy_.address(), "10 s"))) {}
  ~S3Test() override { EXPECT_TRUE(files_.removeAll(directory_).has_value()); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }
  std::string large() const { return fs::testing::patterned(std::size_t{30} << 20); }
  void expectRead(const std::string& name, const std::string& bytes) {
    const auto read = fs::readAll(files_, path(name));
    ASSERT_TRUE(read.has_value()) << read.error().text();
    EXPECT_TRUE(*read == bytes);
  }
  s3::S3Client client() {
    s3::S3Settings settings;
    settings.endpoint = variable("WEIR_TEST_S3");
    settings.region = "us-east-1";
    settings.access_key = "weir";
    settings.secret_key = "weirsecret";
    return {settings, std::make_shared<http::HttpClient>(http::HttpClient::Settings{}), {}};
  }
  std::size_t partsOf(const s3::Upload& upload) {
    s3::Call call;
    call.place = {"weir", upload.key};
    call.parameters = {{"uploadId", upload.id}};
    const auto answer = client().demand(call);
    std::size_t parts = 0;
    for (std::size_t at = 0;
         answer && (at = answer->body.find("<PartNumber>", at)) != std::string::npos;
         ++at) {
      ++parts;
    }
    return parts;
  }
  s3::Place prefix() const {
    return {"weir", directory_.substr(std::string("s3://weir/").size()) + "/"};
  }

  FaultProxy proxy_;
  fs::FileSystems files_;
  const std::string directory_ = "s3://weir" + freshDirectory();
};

TEST_F(S3Test, RequestsThatTheServerCannotServeForNowAreRepeated) {
  for (const char* const fault : {"status:503", "status:500", "status:429", "cut", "silent"}) {
    proxy_.plan(fault, 2, "PUT");
    const std::string name = std::string("f-") + fault;
    const Status written = writeAll(files_, path(name), "text");
    ASSERT_TRUE(written.has_value()) << fault << ": " << written.error().text();
    expectRead(name, "text");
  }
  EXPECT_EQ(proxy_.met(), 10);
}

TEST_F(S3Test, ARefusalIsNotRepeated) {
  proxy_.plan("status:403", 9, "PUT");
  const Status written = writeAll(files_, path("a"), "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code(), ErrorCode::kIo);
  EXPECT_THAT(written.error().text(), HasSubstr(path("a")));
  EXPECT_EQ(proxy_.met(), 1);
}

TEST_F(S3Test, A404OfSomebodyElseIsNoWordOnWhatTheStoreHas) {
  ASSERT_TRUE(writeAll(files_, path("a"), "text").has_value());
  proxy_.plan("status:404", 100, "ANY");
  const auto found = files_.stat(path("a"));
  const Status removed = files_.remove(path("a"));
  proxy_.plan("none", 0, "ANY");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code(), ErrorCode::kIo) << found.error().text();
  EXPECT_THAT(found.error().text(), HasSubstr("s3.endpoint"));
  EXPECT_FALSE(removed.has_value());
  expectRead("a", "text");
  EXPECT_EQ(files_.stat(path("b")).error().code(), ErrorCode::kNotFound);
}

TEST_F(S3Test, BytesThatNobodyAskedForSpoilNoLaterAnswer) {
  ASSERT_TRUE(writeAll(files_, path("a"), "text").has_value());
  proxy_.plan("stray", 1, "HEAD");
  for (int asked = 0; asked < 2; ++asked) {
    const auto found = files_.stat(path("a"));
    ASSERT_TRUE(found.has_value()) << asked << ": " << found.error().text();
    EXPECT_EQ(found->size, 4U);
  }
  EXPECT_EQ(proxy_.met(), 1);
}

TEST_F(S3Test, ServersThatStayAwayAreGivenUpWithAnErrorThatSaysSo) {
  fs::FileSystems files = remote::fileSystems(
      configurationWith(config::kS3Endpoint, "http://" + proxy_.address(), "1 s"));
  proxy_.plan("status:503", 1000, "PUT");
  const Status written = writeAll(files, path("a"), "text");
  proxy_.plan("none", 0, "PUT");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code(), ErrorCode::kIo);
  EXPECT_THAT(written.error().text(), HasSubstr("times"));
  EXPECT_THAT(written.error().text(), HasSubstr(path("a")));
  EXPECT_THAT(written.error().text(), Not(HasSubstr("weirsecret")));
}

TEST_F(S3Test, AnAnswerThatWasLostIsTakenForTheSuccessThatItWas) {
  proxy_.plan("lost", 1, "PUT", "lost-small");
  ASSERT_TRUE(writeAll(files_, path("lost-small"), "text").has_value());
  expectRead("lost-small", "text");
  proxy_.plan("lost", 1, "POST", "uploadId");  // The one that makes the object appear.
  const Status written = writeAll(files_, path("lost-large"), large());
  ASSERT_TRUE(written.has_value()) << written.error().text();
  expectRead("lost-large", large());
  EXPECT_EQ(proxy_.met(), 2);
}

TEST_F(S3Test, PartsAndReadsThatCameShortAreSeenAndRepeated) {
  proxy_.plan("cut", 2, "PUT", "partNumber");
  const Status written = writeAll(files_, path("a"), large());
  ASSERT_TRUE(written.has_value()) << written.error().text();
  EXPECT_EQ(proxy_.met(), 2);
  proxy_.plan("short", 3, "GET", "/a");
  expectRead("a", large());
  EXPECT_EQ(proxy_.met(), 5);
}

TEST_F(S3Test, BytesThatChangeOnTheirWayAreNotStored) {
  proxy_.plan("flip", 1, "PUT");
  const Status written = writeAll(files_, path("a"), "text");
  EXPECT_TRUE(!written.has_value() || *fs::readAll(files_, path("a")) == "text");
  EXPECT_EQ(proxy_.met(), 1);
}

TEST_F(S3Test, AnAbandonedUploadLeavesNoParts) {
  {
    auto writer = files_.create(path("d/a"));
    ASSERT_TRUE((*writer)->append(large()).has_value());
  }
  const auto left = s3::listUploads(client(), prefix());
  ASSERT_TRUE(left.has_value()) << left.error().text();
  EXPECT_TRUE(left->empty());
}

TEST_F(S3Test, UploadsOfAKilledProcessGoWithTheirDirectory) {
  auto writer = files_.create(path("d/a"));
  ASSERT_TRUE((*writer)->append(large()).has_value());
  const auto uploads = s3::listUploads(client(), prefix());
  ASSERT_EQ(uploads->size(), 1U);
  while (partsOf(uploads->front()) < 3) {  // A process that is gone has none under way.
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  const Status removed = files_.removeDirectory(path("d"));
  ASSERT_TRUE(removed.has_value()) << removed.error().text();
  EXPECT_TRUE(s3::listUploads(client(), prefix())->empty());
  EXPECT_FALSE((*writer)->commit().has_value());
}

TEST_F(S3Test, WhatAKilledWriterLeftOfOurFilesIsRemovedAndNothingElse) {
  std::vector<std::unique_ptr<fs::FileWriter>> writers;  // As of processes that are gone.
  for (const char* const name : {"d/a", "d/b", "d/below/a"}) {
    writers.push_back(*files_.create(path(name)));
    ASSERT_TRUE(writers.back()->append(large()).has_value());
  }
  ASSERT_TRUE(writeAll(files_, path("d/a"), "whole").has_value());
  const auto uploads = s3::listUploads(client(), prefix());
  ASSERT_EQ(uploads->size(), 3U);
  for (const s3::Upload& one : *uploads) {
    while (partsOf(one) < 3) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  const auto is_ours = [](std::string_view name) { return name == "a"; };
  const Status removed = fs::removeUnfinished(files_, path("d"), is_ours);
  ASSERT_TRUE(removed.has_value()) << removed.error().text();
  std::vector<std::string> left;
  const auto others = s3::listUploads(client(), prefix());
  for (const s3::Upload& one : *others) {
    left.push_back(one.key.substr(prefix().key.size()));
  }
  EXPECT_THAT(left, ::testing::UnorderedElementsAre("d/b", "d/below/a"));
  expectRead("d/a", "whole");
  EXPECT_FALSE(writers.front()->commit().has_value());
  EXPECT_TRUE(fs::removeUnfinished(files_, path("none"), is_ours).has_value());
}

TEST_F(S3Test, ListingsGoOnFromPageToPage) {
  const std::vector<std::string> names{"a b", "b+c", "c%d", "d/x", "e", "ö"};
  for (const std::string& name : names) {
    ASSERT_TRUE(writeAll(files_, path(name), name).has_value());
  }
  s3::ListQuery query;
  query.below = prefix();
  query.most = 2;
  std::vector<std::string> found;
  int pages = 0;
  do {
    const auto page = s3::listPage(client(), query);
    ASSERT_TRUE(page.has_value()) << page.error().text();
    for (const s3::Object& one : page->objects) {
      found.push_back(one.key.substr(prefix().key.size()));
    }
    for (const std::string& one : page->prefixes) {
      found.push_back(one.substr(prefix().key.size()) + "x");
    }
    query.from = page->next;
    ++pages;
  } while (!query.from.empty() && pages < 9);
  EXPECT_GE(pages, 3);
  EXPECT_THAT(found, ::testing::UnorderedElementsAreArray(names));
}

TEST_F(S3Test, AWrongKeyIsRefusedWithoutBeingShown) {
  auto configuration = configurationWith(config::kS3Endpoint, variable("WEIR_TEST_S3"));
  ASSERT_TRUE(configuration.set(config::kS3SecretKey.key, "unspeakable", "the test").has_value());
  fs::FileSystems files = remote::fileSystems(configuration);
  const Status written = writeAll(files, path("a"), "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_THAT(written.error().text(), HasSubstr("403"));
  EXPECT_THAT(written.error().text(), Not(HasSubstr("unspeakable")));
  EXPECT_THAT(written.error().text(), Not(HasSubstr("Signature=")));
}

TEST_F(S3Test, ABucketThatIsNotThereIsSaidToBe) {
  const Status written = writeAll(files_, "s3://not-there/a", "text");
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(files_.list("s3://not-there/a").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(files_.create("s3:/a").error().code(), ErrorCode::kInvalidArgument);
}

TEST_F(S3Test, AServerThatIsKilledAmidAWriteAndComesBackLosesNothing) {
  fs::FileSystems files =
      remote::fileSystems(configurationWith(config::kS3Endpoint, variable("WEIR_TEST_S3")));
  auto writer = files.create(path("a"));
  ASSERT_TRUE((*writer)->append(large()).has_value());
  ASSERT_EQ(std::system(variable("WEIR_TEST_S3_KILL").c_str()), 0);
  ASSERT_EQ(std::system((variable("WEIR_TEST_S3_START") + " &").c_str()), 0);
  const Status appended = (*writer)->append(large());
  ASSERT_TRUE(appended.has_value()) << appended.error().text();
  const Status committed = (*writer)->commit();
  ASSERT_TRUE(committed.has_value()) << committed.error().text();
  expectRead("a", large() + large());
}

}  // namespace
}  // namespace weir::services
