#include "jobmanager/blob/adopted_files.h"

#include <utility>

#include "common/fs/uri.h"
#include "common/runtime/leader_change.h"
#include "common/telemetry/log.h"
#include "jobmanager/blob/blob_directory.h"

namespace weir::blob {
namespace {

constexpr const char* kProgram = "program";

/// "<SHA-256>-<hex>": nothing else in the directory is touched.
bool isOurs(const std::string& name) {
  constexpr std::size_t kDigits = 64;
  return name.size() > kDigits + 1 && name[kDigits] == '-' &&
         name.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

}  // namespace

class AdoptedFiles::Writer final : public fs::FileWriter {
 public:
  Writer(const AdoptedFiles& files, std::unique_ptr<fs::FileWriter> writer)
      : files_(files), writer_(std::move(writer)) {}

  Status append(std::string_view bytes) override { return writer_->append(bytes); }
  Status commit() override {
    WEIR_RETURN_IF_ERROR(files_.mayChange());
    return writer_->commit();
  }

 private:
  const AdoptedFiles& files_;  // Outlives us, as the store does.
  const std::unique_ptr<fs::FileWriter> writer_;
};

std::string AdoptedFiles::fileOf(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  return bare_.contains(path) ? path : fs::join(path, kProgram);
}

Status AdoptedFiles::mayChange() const {
  return owner_.leads()
             ? ok()
             : Status(runtime::leaderChange(
                   "this job manager does not lead any more, and takes and removes no program"));
}

Result<std::unique_ptr<fs::FileWriter>> AdoptedFiles::create(const std::string& path) {
  WEIR_RETURN_IF_ERROR(mayChange());
  WEIR_TRY(auto writer, files_.create(fileOf(path)));
  return std::unique_ptr<fs::FileWriter>(std::make_unique<Writer>(*this, std::move(writer)));
}

Result<fs::FileInfo> AdoptedFiles::stat(const std::string& path) {
  WEIR_TRY(auto info, files_.stat(fileOf(path)));
  info.name = fs::nameOf(path);
  return info;
}

Result<std::vector<fs::FileInfo>> AdoptedFiles::list(const std::string& directory) {
  if (const auto local = fs::localPath(directory)) {
    removeUnfinished(*local);  // As earlier releases have left it.
  }
  WEIR_TRY(const auto entries, files_.list(directory));
  std::vector<fs::FileInfo> found;
  for (const fs::FileInfo& entry : entries) {
    if (!isOurs(entry.name) || entry.link) {
      continue;
    }
    const std::string path = fs::join(directory, entry.name);
    if (entry.directory) {
      WEIR_RETURN_IF_ERROR(look(path, found));
    } else {
      found.push_back(entry);
      const std::lock_guard lock(mutex_);
      bare_.insert(path);
      listed_.insert(path);
    }
  }
  return found;
}

Status AdoptedFiles::look(const std::string& directory, std::vector<fs::FileInfo>& found) {
  const auto inside = files_.list(directory);
  if (!inside) {
    return inside.error().code() == ErrorCode::kNotFound ? ok() : Status(inside.error());
  }
  for (const fs::FileInfo& file : *inside) {
    if (file.name == kProgram && file.regular && !file.link) {
      found.push_back(file);
      found.back().name = fs::nameOf(directory);
      const std::lock_guard lock(mutex_);
      listed_.insert(directory);
    }
  }
  if (!inside->empty()) {
    return ok();
  }
  if (const Status removed = files_.removeDirectory(directory); removed) {
    log::info("removed what is left of an upload that was not finished", {{"path", directory}});
  } else {
    log::warn("what is left of an upload that was not finished stays",
              {{"path", directory}, {"reason", removed.error().text()}});
  }
  return ok();
}

Status AdoptedFiles::remove(const std::string& path) {
  WEIR_RETURN_IF_ERROR(mayChange());
  const std::string file = fileOf(path);
  const bool stays = owner_.leavesOut();
  {
    const std::lock_guard lock(mutex_);
    if (stays && listed_.contains(path)) {
      return ok();  // For whoever needs it.
    }
  }
  WEIR_RETURN_IF_ERROR(files_.remove(file));
  return file == path ? ok() : files_.removeDirectory(path);
}

}  // namespace weir::blob
