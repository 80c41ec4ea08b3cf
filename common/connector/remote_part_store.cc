// Part files on file systems of other machines.

#include <functional>
#include <map>
#include <set>
#include <utility>

#include "common/connector/part_store.h"
#include "common/connector/remote_files.h"
#include "common/fs/file_system.h"
#include "common/fs/unfinished_files.h"
#include "common/fs/uri.h"

namespace weir::connector {
namespace {

class RemotePartFile final : public PartStore::File {
 public:
  explicit RemotePartFile(std::unique_ptr<fs::FileWriter> writer) : writer_(std::move(writer)) {}
  Status append(std::string_view rows) override { return writer_->append(rows); }
  Status close() override { return writer_->commit(); }

 private:
  std::unique_ptr<fs::FileWriter> writer_;
};

/// What is not committed lies there under hidden names; committing copies it to its own.
class RemotePartStore final : public PartStore {
 public:
  explicit RemotePartStore(fs::FileSystem& files) : files_(files) {}

  Result<std::unique_ptr<File>> create(const std::string& path) override {
    WEIR_TRY(auto writer, files_.create(path));
    return std::unique_ptr<File>(std::make_unique<RemotePartFile>(std::move(writer)));
  }

  std::size_t mostOpen() const override {
    constexpr std::size_t kMostOpen = 8;  // Each may hold some parts of 8 MiB in memory.
    return kMostOpen;
  }

  Status keepDirectory(const std::string& directory) override {
    return files_.syncDirectory(directory);
  }

  Status publish(const PartFile& file) override {
    return publishCopy(files_, file.temporary, file.committed);
  }

  void removeUnfinished(const std::vector<PartFile>& files) override {
    std::map<std::string, std::set<std::string, std::less<>>> names;  // By directory.
    for (const PartFile& file : files) {
      names[fs::parentOf(file.committed)].insert(fs::nameOf(file.committed));
    }
    for (const auto& [directory, ours] : names) {  // What stays is hidden, and holds up no job.
      static_cast<void>(fs::removeUnfinished(
          files_, directory, [&ours](std::string_view name) { return ours.contains(name); }));
    }
  }

  Result<std::vector<std::string>> names(const std::string& directory) override {
    return remoteNamesIn(files_, directory);
  }

  Status remove(const std::string& path) override { return files_.removeFile(path); }

  void removeDirectory(const std::string& directory) override {
    static_cast<void>(files_.removeDirectory(directory));  // As long as something is in it.
  }

 private:
  fs::FileSystem& files_;  // Of the process.
};

}  // namespace

std::unique_ptr<PartStore> PartStore::remote(fs::FileSystem& files) {
  return std::make_unique<RemotePartStore>(files);
}

}  // namespace weir::connector
