#include "jobmanager/ha/zookeeper/cluster_storage.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "common/telemetry/log.h"
#include "jobmanager/ha/zookeeper/record_files.h"
#include "jobmanager/ha/zookeeper/record_set.h"

namespace weir::ha {
namespace {

constexpr std::size_t kIdLetters = 24;

bool isId(std::string_view text) {
  return text.size() == kIdLetters &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Of this cluster, founded where nobody has led yet.
Result<std::string> clusterId(BlockingClient& client, Random& random) {
  const std::string node = clusterNode(client.settings());
  WEIR_RETURN_IF_ERROR(client.make(client.settings().root));
  for (;;) {
    auto there = client.read(node);
    if (there && !isId(there->data)) {
      return Error(ErrorCode::kInvalidArgument,
                   "node " + node + " of ZooKeeper holds no id of a cluster of Weir")
          .advise("name another recovery.zookeeper.path.root, or restore ZooKeeper's data");
    }
    if (there) {
      return std::move(there->data);
    }
    if (there.error().code() != ErrorCode::kNotFound) {
      return std::move(there).error();
    }
    const auto made = client.create(node, random.hex(kIdLetters), zookeeper::Lifetime::kPersistent);
    if (!made && isUnknown(made.error())) {
      WEIR_RETURN_IF_ERROR(client.awaitConnection());
    } else if (!made && made.error().code() != ErrorCode::kFailedPrecondition) {
      return Error(made.error());
    }
  }
}

/// The newest epoch in directories of other clusters of this root, of which nothing is touched.
Result<LeaderEpoch> newestOfOthers(fs::FileSystem& files,
                                   const fs::Location& storage,
                                   const std::string& prefix,
                                   const std::string& own,
                                   Random& random) {
  LeaderEpoch newest;
  const auto entries = files.list(storage.uri());
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? Result<LeaderEpoch>(newest)
                                                          : Result<LeaderEpoch>(entries.error());
  }
  for (const fs::FileInfo& entry : *entries) {
    if (entry.name == own || !entry.name.starts_with(prefix) ||
        !isId(std::string_view(entry.name).substr(prefix.size()))) {
      continue;
    }
    const fs::Location directory = storage.child(entry.name);
    const RecordFiles records(files, directory.child("records").uri(), "", random);
    WEIR_TRY(const LeaderEpoch epoch, records.newest());
    newest = std::max(newest, epoch);
    log::warn(
        "another cluster's jobs are stored beside those of this new one, and nothing of them is "
        "touched; if they are those of this one, ZooKeeper has lost its nodes: restore its data, "
        "or delete the directory",
        {{"path", directory.uri()}, {"epoch", epoch.value()}});
  }
  return newest;
}

/// Programs' arguments and configurations are nobody else's.
Status makeOwn(fs::FileSystem& files, const fs::Location& directory) {
  const bool made = !files.stat(directory.uri());
  WEIR_RETURN_IF_ERROR(files.makeDirectories(directory.uri()));
  if (made && directory.isLocal() && ::chmod(directory.path().c_str(), S_IRWXU) != 0) {
    log::warn("others may read what is stored of jobs", {{"path", directory.path()}});
  }
  for (const char* const name : {"records", "blobs"}) {
    WEIR_RETURN_IF_ERROR(files.makeDirectories(directory.child(name).uri()));
  }
  return ok();
}

}  // namespace

Result<ClusterStorage> openClusterStorage(BlockingClient& client,
                                          fs::FileSystem& files,
                                          const fs::Location& storage,
                                          Random& random,
                                          const FileWait& wait) {
  const zookeeper::Settings& settings = client.settings();
  std::string prefix = "weir" + settings.root + "-";
  std::ranges::replace(prefix, '/', '-');
  WEIR_TRY(const std::string id, clusterId(client, random));
  ClusterStorage own{storage.child(prefix + id), LeaderEpoch()};
  const auto term = client.read(termNode(settings));
  if (!term && term.error().code() != ErrorCode::kNotFound) {
    return Error(term.error());
  }
  if (!term) {
    WEIR_TRY(own.founded_after, awaitFiles(wait, [&files, &random, storage, prefix, id] {
               return newestOfOthers(files, storage, prefix, prefix + id, random);
             }));
  }
  WEIR_RETURN_IF_ERROR(
      awaitFiles(wait, [&files, directory = own.directory] { return makeOwn(files, directory); }));
  return own;
}

}  // namespace weir::ha
