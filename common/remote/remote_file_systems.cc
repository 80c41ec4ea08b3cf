#include "common/remote/remote_file_systems.h"

#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

#include <pwd.h>
#include <unistd.h>

#include "common/config/file_system_options.h"
#include "common/hdfs/hdfs_file_system.h"
#include "common/s3/s3_file_system.h"

namespace weir::remote {
namespace {

std::string environmentOf(const std::string& name) {
  const char* const value = std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::string hadoopDirectory(const config::Configuration& configuration) {
  const std::string directory = configuration.get(config::kHadoopConfiguration);
  return directory.empty() ? environmentOf("HADOOP_CONF_DIR") : directory;
}

std::string hdfsUser(const config::Configuration& configuration) {
  if (std::string user = configuration.get(config::kHdfsUser); !user.empty()) {
    return user;
  }
  constexpr std::size_t kMostBytes = 16 * 1024;
  std::vector<char> buffer(kMostBytes);
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  return found == nullptr ? std::to_string(::geteuid()) : std::string(found->pw_name);
}

s3::S3Settings s3Settings(const config::Configuration& configuration) {
  s3::S3Settings settings;
  settings.endpoint = configuration.get(config::kS3Endpoint);
  settings.region = configuration.get(config::kS3Region);
  settings.access_key = configuration.get(config::kS3AccessKey);
  settings.secret_key = configuration.get(config::kS3SecretKey);
  settings.session_token = configuration.get(config::kS3SessionToken);
  settings.path_style = configuration.get(config::kS3PathStyle);
  return settings;
}

http::TransferSettings transferSettings(const config::Configuration& configuration) {
  http::TransferSettings settings;
  settings.client.connect_timeout = configuration.get(config::kTransferConnectTimeout);
  settings.client.idle_timeout = configuration.get(config::kTransferIdleTimeout);
  settings.retry.limit = configuration.get(config::kTransferRetries);
  settings.in_flight = static_cast<std::size_t>(configuration.get(config::kTransferParts));
  settings.shared_bytes = configuration.get(config::kTransferMemory).bytes;
  return settings;
}

bool isOfFileSystems(const std::string& key) {
  return key.starts_with("s3.") || key.starts_with("fs.hdfs.") || key.starts_with("fs.remote.");
}

Result<hdfs::HdfsSettings> hdfsSettings(const config::Configuration& configuration) {
  hdfs::HdfsSettings settings;
  WEIR_TRY(settings.hadoop, hdfs::HadoopConfiguration::read(hadoopDirectory(configuration)));
  settings.user = hdfsUser(configuration);
  return settings;
}

}  // namespace

fs::FileSystems fileSystems(const config::Configuration& configuration) {
  fs::FileSystems files;
  const http::TransferSettings transfer = transferSettings(configuration);
  for (const char* const scheme : {"hdfs", "webhdfs"}) {
    files.add(scheme,
              std::make_unique<hdfs::HdfsFileSystem>(
                  [configuration] { return hdfsSettings(configuration); }, transfer));
  }
  files.add("s3",
            std::make_unique<s3::S3FileSystem>(
                [configuration] { return s3::completed(s3Settings(configuration), environmentOf); },
                transfer));
  return files;
}

void tellWorker(const config::Configuration& own,
                std::map<std::string, std::string>& configuration) {
  std::erase_if(configuration, [](const auto& one) { return isOfFileSystems(one.first); });
  for (const auto& [key, value] : own.toWholeMap()) {
    if (isOfFileSystems(key)) {
      configuration[key] = value;
    }
  }
  const auto put = [&](const config::OptionInfo& option, const std::string& value) {
    if (!value.empty()) {
      configuration[std::string(option.key)] = value;
    }
  };
  put(config::kHadoopConfiguration, hadoopDirectory(own));
  put(config::kHdfsUser, hdfsUser(own));
  // Without keys a worker that touches s3: says what is missing.
  if (const auto s3 = s3::completed(s3Settings(own), environmentOf)) {
    put(config::kS3Endpoint, s3->endpoint);
    put(config::kS3Region, s3->region);
    put(config::kS3AccessKey, s3->access_key);
    put(config::kS3SecretKey, s3->secret_key);
    put(config::kS3SessionToken, s3->session_token);
  }
}

}  // namespace weir::remote
