#include "common/hdfs/hdfs_file_system.h"

#include <algorithm>
#include <utility>

#include "common/base/utf8.h"
#include "common/fs/temporary_name.h"
#include "common/fs/uri.h"
#include "common/hdfs/hdfs_upload.h"
#include "common/http/chunked_reader.h"
#include "common/http/parts_writer.h"

namespace weir::hdfs {
namespace {

/// Each part is a block for good, of which a name node knows every one.
constexpr std::uint64_t kLeastPart = std::uint64_t{16} << 20;

/// Bytes of a name that a temporary one holds: HDFS takes 255, of which the number of a part is
/// some.
constexpr std::size_t kMostOfName = 197;

bool isNotFound(const Error& error) { return error.code() == ErrorCode::kNotFound; }

/// The hidden path of a file. A name that leaves no room for what a temporary one adds is that of a
/// hidden directory and a file in it, each of which holds a piece of the name.
struct Hidden {
  std::string directory;  // Empty: none of its own.
  std::string path;
};

Hidden hiddenOf(const fs::Location& file, Random& random) {
  const std::string name = file.name();
  const std::string parent = file.parent().path();
  if (name.size() <= kMostOfName) {
    return {"", fs::join(parent, fs::temporaryName(name, random))};
  }
  std::size_t end = kMostOfName;
  while (end > 1 && (static_cast<unsigned char>(name[end]) & 0xc0) == 0x80) {
    --end;  // Not amid a character.
  }
  const std::string directory = fs::join(parent, fs::temporaryName(name.substr(0, end), random));
  return {directory, fs::join(directory, fs::temporaryName(name.substr(end), random))};
}

bool isUnfinished(const FileStatus& entry) {
  return entry.type != FileStatus::Type::kLink && fs::isTemporary(entry.name);
}

}  // namespace

fs::FileInfo HdfsFileSystem::Target::info(const FileStatus& status, const std::string& name) const {
  fs::FileInfo info;
  info.name = name;
  info.directory = status.type == FileStatus::Type::kDirectory;
  info.regular = status.type == FileStatus::Type::kFile;
  info.link = status.type == FileStatus::Type::kLink;
  info.size = info.directory ? 0 : status.length;
  info.modified_millis = status.modified_millis;
  info.identity = location.authority() + "#" + std::to_string(status.id);
  return info;
}

HdfsFileSystem::HdfsFileSystem(std::function<Result<HdfsSettings>()> settings,
                               http::TransferSettings transfers)
    : settings_(std::move(settings)),
      transfer_(transfers),
      http_(std::make_shared<http::HttpClient>(transfers.client)),
      transfers_(http_, transfers) {
  transfer_.part_bytes = std::max(transfer_.part_bytes, kLeastPart);
}

Result<fs::Location> HdfsFileSystem::locate(const std::string& path) const {
  WEIR_TRY(auto location, fs::Location::parse(path));
  const bool web = location.scheme() == "webhdfs";
  if (!web && location.scheme() != "hdfs") {
    return Error(ErrorCode::kInvalidArgument,
                 "path '" + escaped(path) + "' has the scheme '" + location.scheme() +
                     "', but only hdfs: and webhdfs: are supported here");
  }
  if ((web && location.authority().empty()) ||
      location.authority().find('@') != std::string::npos) {
    return Error(ErrorCode::kInvalidArgument, "path '" + escaped(path) + "' names no name node")
        .advise("write webhdfs://host:port/dir or hdfs://host:port/dir");
  }
  return location;
}

Result<HdfsFileSystem::Target> HdfsFileSystem::target(const std::string& path) {
  WEIR_TRY(const auto location, locate(path));
  const std::lock_guard lock(mutex_);
  std::shared_ptr<WebHdfs>& client = clients_[location.scheme() + "://" + location.authority()];
  if (!client) {
    WEIR_TRY(const auto settings, settings_());
    WEIR_TRY(auto nodes, nameNodesOf(location, settings.hadoop));
    client = std::make_shared<WebHdfs>(std::move(nodes), settings.user, http_, transfer_.retry);
  }
  return Target{location.uri(), location, client};
}

Result<std::unique_ptr<FileStatus>> HdfsFileSystem::look(const Target& at) {
  auto status = at.hdfs->status(at.location.path());
  if (!status && isNotFound(status.error())) {
    return std::unique_ptr<FileStatus>();
  }
  if (!status) {
    return std::move(status).error().during("look at " + at.uri);
  }
  return std::make_unique<FileStatus>(*std::move(status));
}

Result<std::unique_ptr<fs::FileWriter>> HdfsFileSystem::create(const std::string& path) {
  WEIR_TRY(auto at, target(path));
  if (at.location.path() == "/") {
    return Error(ErrorCode::kInvalidArgument, "create " + at.uri + ": is a directory");
  }
  Hidden hidden = hiddenOf(at.location, random_);
  auto upload = std::make_shared<HdfsUpload>(
      at.hdfs, at.location.path(), std::move(hidden.path), std::move(hidden.directory));
  return std::make_unique<http::PartsWriter>(at.uri, std::move(upload), transfers_, transfer_);
}

Result<std::unique_ptr<fs::FileReader>> HdfsFileSystem::open(const std::string& path) {
  WEIR_TRY(auto at, target(path));
  WEIR_TRY(const auto status, at.hdfs->status(at.location.path()).during("open " + at.uri));
  if (status.type != FileStatus::Type::kFile) {
    return Error(ErrorCode::kInvalidArgument,
                 "open " + at.uri +
                     (status.type == FileStatus::Type::kLink ? ": is a symbolic link"
                                                             : ": is a directory, not a file"));
  }
  auto fetch = [hdfs = at.hdfs, name = at.location.path()](std::uint64_t offset,
                                                           std::uint64_t length) {
    return hdfs->read(name, offset, length);
  };
  return std::make_unique<http::ChunkedReader>(
      at.uri, status.length, std::move(fetch), transfers_, transfer_);
}

Result<std::unique_ptr<fs::FileReader>> HdfsFileSystem::openNoLink(const std::string& path) {
  return open(path);
}

Result<std::vector<fs::FileInfo>> HdfsFileSystem::list(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  WEIR_TRY(const auto entries, at.hdfs->list(at.location.path()).during("list " + at.uri));
  std::vector<fs::FileInfo> infos;
  for (const FileStatus& entry : entries) {
    if (entry.name.empty()) {  // What was listed is a file.
      return Error(ErrorCode::kNotFound, "list " + at.uri + ": is no directory");
    }
    if (!fs::isTemporary(entry.name)) {
      infos.push_back(at.info(entry, entry.name));
    }
  }
  std::ranges::sort(infos, {}, &fs::FileInfo::name);
  return infos;
}

Result<fs::FileInfo> HdfsFileSystem::stat(const std::string& path) {
  WEIR_TRY(const auto at, target(path));
  WEIR_TRY(const auto status, at.hdfs->status(at.location.path()).during("look at " + at.uri));
  return at.info(status, at.location.name());
}

Status HdfsFileSystem::makeDirectories(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  return at.hdfs->makeDirectories(at.location.path()).during("make directory " + at.uri);
}

Status HdfsFileSystem::remove(const std::string& path) {
  WEIR_TRY(const auto at, target(path));
  const auto removed = at.hdfs->remove(at.location.path(), false);
  return removed || isNotFound(removed.error())
             ? ok()
             : Status(Error(removed.error()).during("delete " + at.uri));
}

Status HdfsFileSystem::removeFile(const std::string& path) {
  WEIR_TRY(const auto at, target(path));
  WEIR_TRY(const auto status, look(at));
  if (!status) {
    return ok();
  }
  if (status->type != FileStatus::Type::kFile) {
    return Error(ErrorCode::kFailedPrecondition, "delete " + at.uri + ": is no regular file");
  }
  return remove(path);
}

Status HdfsFileSystem::syncDirectory(const std::string& /*directory*/) {
  return ok();  // A name node answers once its journal has it.
}

Status HdfsFileSystem::removeAllUnfinished(const Target& at) {
  WEIR_TRY(const auto entries, at.hdfs->list(at.location.path()));
  if (!std::ranges::all_of(entries, isUnfinished)) {
    return Error(ErrorCode::kFailedPrecondition, "the directory is not empty");
  }
  for (const FileStatus& entry : entries) {
    WEIR_TRY([[maybe_unused]] const bool gone,
             at.hdfs->remove(fs::join(at.location.path(), entry.name), true));
  }
  return ok();
}

/// Whether what is hidden there is of a file that is ours. Of what a directory with nothing in it
/// was, the file was given its name.
Result<bool> HdfsFileSystem::isLeftOf(const Target& at,
                                      const FileStatus& entry,
                                      const IsOurs& is_ours) {
  const std::string name(fs::finalNameOf(entry.name));
  if (name.empty() || entry.type == FileStatus::Type::kLink) {
    return false;
  }
  if (entry.type == FileStatus::Type::kFile) {  // Longer ones are cut, and of an earlier release.
    return name.size() <= kMostOfName && is_ours(name);
  }
  const auto pieces = at.hdfs->list(fs::join(at.location.path(), entry.name));
  if (!pieces) {
    return isNotFound(pieces.error()) ? Result<bool>(false) : Result<bool>(pieces.error());
  }
  return std::ranges::all_of(*pieces, [&](const FileStatus& piece) {
    const std::string_view rest = fs::finalNameOf(piece.name);
    return !rest.empty() && is_ours(name + std::string(rest));
  });
}

Status HdfsFileSystem::removeUnfinished(const std::string& directory, const IsOurs& is_ours) {
  WEIR_TRY(const auto at, target(directory));
  const std::string what = "delete unfinished files in " + at.uri;
  const auto entries = at.hdfs->list(at.location.path());
  if (!entries) {
    return isNotFound(entries.error()) ? ok() : Status(Error(entries.error()).during(what));
  }
  for (const FileStatus& entry : *entries) {
    WEIR_TRY(const bool ours, isLeftOf(at, entry, is_ours).during(what));
    if (ours) {
      const auto gone = at.hdfs->remove(fs::join(at.location.path(), entry.name), true);
      WEIR_RETURN_IF_ERROR(
          gone || isNotFound(gone.error()) ? ok() : Status(Error(gone.error()).during(what)));
    }
  }
  return ok();
}

Status HdfsFileSystem::removeDirectory(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  WEIR_TRY(const auto status, look(at));
  if (!status) {
    return ok();
  }
  const std::string what = "delete " + at.uri;
  if (status->type != FileStatus::Type::kDirectory) {
    return Error(ErrorCode::kFailedPrecondition, what + ": is no directory");
  }
  WEIR_RETURN_IF_ERROR(removeAllUnfinished(at).during(what));
  return remove(directory);
}

Status HdfsFileSystem::removeAll(const std::string& directory) {
  WEIR_TRY(const auto at, target(directory));
  if (at.location.path() == "/") {
    return Error(ErrorCode::kFailedPrecondition, "delete " + at.uri + ": is the root");
  }
  const auto removed = at.hdfs->remove(at.location.path(), true);
  return removed || isNotFound(removed.error())
             ? ok()
             : Status(Error(removed.error()).during("delete " + at.uri));
}

}  // namespace weir::hdfs
