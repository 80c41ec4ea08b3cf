#include "jobmanager/ha/zookeeper/record_files.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "common/fs/unfinished_files.h"
#include "common/telemetry/log.h"

namespace weir::ha {
namespace {

constexpr std::string_view kPrefix = "record-";
constexpr std::size_t kRandomLetters = 24;
constexpr std::uint64_t kMostRecord = std::uint64_t{1} << 30;
constexpr std::uint64_t kBeginning = 4096;  // More than magic, version and a root.

std::string nameOf(LeaderEpoch epoch, const std::string& letters) {
  return std::string(kPrefix) + std::to_string(epoch.value()) + "-" + letters;
}

/// Of a name that nameOf() has given.
std::optional<LeaderEpoch> epochOf(std::string_view name) {
  if (!name.starts_with(kPrefix)) {
    return std::nullopt;
  }
  name.remove_prefix(kPrefix.size());
  std::uint64_t epoch = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), epoch);
  const std::string_view letters = name.substr(static_cast<std::size_t>(end - name.data()));
  const bool given = error == std::errc() && letters.size() == kRandomLetters + 1 &&
                     letters.front() == '-' &&
                     letters.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
  return given ? std::optional(LeaderEpoch(epoch)) : std::nullopt;
}

}  // namespace

RecordNode RecordFiles::name(LeaderEpoch epoch, std::string_view record) {
  RecordNode node;
  node.file = nameOf(epoch, random_.hex(kRandomLetters));
  node.size = record.size();
  node.checksum = checksumOf(record);
  return node;
}

Status RecordFiles::write(const RecordNode& node, std::string_view record) const {
  const Status written = fs::writeAll(files_, pathOf(node.file), encodeRecordFile(root_, record));
  return written ? ok() : Status(Error(written.error()).during("recovery.zookeeper.storageDir"));
}

Result<std::string> RecordFiles::read(const RecordNode& node) const {
  const std::string path = pathOf(node.file);
  const auto damaged = [&](const std::string& what) {
    return Error(ErrorCode::kCorruption, "file " + path + ": " + what)
        .advise("put an intact copy of the file back");
  };
  WEIR_TRY(const std::string bytes, fs::readAll(files_, path, kMostRecord));
  const auto file = decodeRecordFile(bytes);
  if (!file && file.error().code() == ErrorCode::kInvalidArgument) {
    return Error(file.error()).during("file " + path);
  }
  if (!file) {
    return damaged(file.error().message());
  }
  if (file->root != root_ || file->record.size() != node.size ||
      checksumOf(file->record) != node.checksum) {
    return damaged("it is not the record that ZooKeeper points to");
  }
  return std::string(file->record);
}

Status RecordFiles::remove(const std::string& name) const {
  return files_.removeFile(pathOf(name));
}

Result<LeaderEpoch> RecordFiles::newest() const {
  const auto entries = files_.list(directory_);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? Result<LeaderEpoch>(LeaderEpoch())
                                                          : Result<LeaderEpoch>(entries.error());
  }
  LeaderEpoch newest;
  for (const fs::FileInfo& entry : *entries) {
    newest = std::max(newest, epochOf(entry.name).value_or(LeaderEpoch()));
  }
  return newest;
}

bool RecordFiles::isOurs(const std::string& name) const {
  const auto file = files_.openNoLink(pathOf(name));
  if (!file) {
    return false;
  }
  const auto beginning = (*file)->read(0, std::min((*file)->size(), kBeginning));
  return beginning && rootOfRecordFile(*beginning) == root_;
}

Status RecordFiles::sweep(LeaderEpoch epoch, const std::set<std::string>& needed) const {
  const auto entries = files_.list(directory_);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound ? ok() : Status(entries.error());
  }
  for (const fs::FileInfo& entry : *entries) {
    const auto written_by = epochOf(entry.name);
    if (!written_by || *written_by >= epoch || needed.contains(entry.name) || !isOurs(entry.name)) {
      continue;
    }
    WEIR_RETURN_IF_ERROR(remove(entry.name));
    log::info("removed what an earlier leader had left", {{"path", pathOf(entry.name)}});
  }
  // By its name alone: it may hold nothing yet.
  return fs::removeUnfinished(files_, directory_, [epoch](std::string_view name) {
    const auto written_by = epochOf(name);
    return written_by && *written_by < epoch;
  });
}

}  // namespace weir::ha
