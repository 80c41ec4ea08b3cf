#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/fs/location.h"
#include "common/hdfs/hadoop_configuration.h"

namespace weir::hdfs {

/// Where the name nodes of one file system answer WebHDFS: "http://host:port" each; several where
/// one of them is active and the others stand by.
struct NameNodes {
  std::vector<std::string> addresses;
  bool kerberos = false;
};

/// The name nodes of a path: of "hdfs://host[:port]/..." and "hdfs://nameservice/...", of
/// "hdfs:/..." those of fs.defaultFS, of "webhdfs://host:port/..." the one that it names.
/// Errors: kInvalidArgument where the configuration names none, saying what to set.
Result<NameNodes> nameNodesOf(const fs::Location& location,
                              const HadoopConfiguration& configuration);

}  // namespace weir::hdfs
