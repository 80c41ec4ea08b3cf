#include "tests/services/servers.h"
#include "tests/unit/common/fs/file_system_suite.h"

namespace weir::fs::testing {
namespace {

Subject subjectIn(const std::string& root, const config::Configuration& configuration) {
  Subject subject;
  subject.files = std::make_unique<FileSystems>(remote::fileSystems(configuration));
  subject.directory = root + services::freshDirectory();
  subject.uri = subject.directory;
  subject.keeps_what_is_open = false;
  return subject;
}

Subject s3() {
  Subject subject = subjectIn(
      "s3://weir",
      services::configurationWith(config::kS3Endpoint, services::variable("WEIR_TEST_S3")));
  // S3Proxy looks, then stores: see README.md.
  subject.only_one_wins = services::variable("WEIR_S3_SERVER") == "versitygw";
  return subject;
}

Subject hdfs() {
  // "hdfs:/suite": the name node is that of core-site.xml.
  return subjectIn("hdfs:",
                   services::configurationWith(config::kHadoopConfiguration,
                                               services::variable("WEIR_TEST_HADOOP_CONF")));
}

Subject webHdfs() {
  return subjectIn(
      services::variable("WEIR_TEST_WEBHDFS"),
      services::configurationWith(config::kHdfsUser, services::variable("USER") + "weir"));
}

INSTANTIATE_TEST_SUITE_P(S3, FileSystemSuite, ::testing::Values(&s3));
INSTANTIATE_TEST_SUITE_P(Hdfs, FileSystemSuite, ::testing::Values(&hdfs));
INSTANTIATE_TEST_SUITE_P(WebHdfs, FileSystemSuite, ::testing::Values(&webHdfs));

}  // namespace
}  // namespace weir::fs::testing
