#include "common/client/staged_state.h"

#include <algorithm>
#include <utility>

#include "common/fs/uri.h"

namespace weir::client {
namespace {

constexpr std::uint64_t kPieceBytes = std::uint64_t{4} << 20;
constexpr const char* kShared = "shared";  // Beside the directories of snapshots.

}  // namespace

Status StagedState::stage(runtime::Restores& restores,
                          fs::FileSystem& files,
                          const std::atomic<bool>& interrupted) {
  for (auto& list : restores.lists) {
    for (runtime::RestoreSection& section : list) {
      runtime::SectionHandle& handle = section.handle;
      if (handle.storage != runtime::SectionHandle::Storage::kFile) {
        continue;
      }
      WEIR_TRY(const auto location, fs::Location::parse(handle.location));
      if (location.isLocal()) {
        continue;
      }
      const std::string beside = fs::parentOf(fs::parentOf(handle.location));
      for (const runtime::SharedFile& shared : handle.shared) {
        const std::string name = fs::join(kShared, shared.name);
        WEIR_RETURN_IF_ERROR(copy(fs::join(beside, name), name, files, interrupted));
      }
      const std::string name = "state/" + std::to_string(copies_.size());
      WEIR_TRY(const std::string copied, copy(handle.location, name, files, interrupted));
      handle.location = fs::toFileUri(copied);
    }
  }
  return ok();
}

Result<std::string> StagedState::copy(const std::string& path,
                                      const std::string& as,
                                      fs::FileSystem& files,
                                      const std::atomic<bool>& interrupted) {
  if (const auto known = copies_.find(path); known != copies_.end()) {
    return known->second;
  }
  if (!directory_) {
    WEIR_TRY(auto made, SandboxDirectory::make({}));
    directory_.emplace(std::move(made));
  }
  const std::string to = fs::join(directory_->path(), as);
  WEIR_TRY(const auto reader, files.openNoLink(path));
  WEIR_TRY(const auto writer, files.create(to));
  for (std::uint64_t at = 0; at < reader->size();) {
    if (interrupted.load()) {
      return Error(ErrorCode::kCancelled, "interrupted before everything was looked at");
    }
    WEIR_TRY(const std::string bytes, reader->read(at, std::min(kPieceBytes, reader->size() - at)));
    WEIR_RETURN_IF_ERROR(writer->append(bytes));
    at += bytes.size();
  }
  WEIR_RETURN_IF_ERROR(writer->commit());
  copies_.emplace(path, to);
  originals_.emplace(to, path);
  return to;
}

std::string StagedState::original(std::string text) const {
  for (const auto& [copy, path] : originals_) {
    for (const std::string& spelled : {fs::toFileUri(copy), copy}) {
      for (std::size_t at = 0; (at = text.find(spelled, at)) != std::string::npos;
           at += path.size()) {
        text.replace(at, spelled.size(), path);
      }
    }
  }
  return text;
}

}  // namespace weir::client
