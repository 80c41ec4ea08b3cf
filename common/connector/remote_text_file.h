#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/connector/file_mark.h"
#include "common/connector/text_output.h"
#include "common/fs/file_system.h"

namespace weir::connector {

/// The lines of one subtask on a file system of another machine, where no file can grow: the first
/// checkpoint with lines makes `<path>`, later ones make `<path>-1`, `<path>-2` and so on, each
/// whole from the beginning. A job without checkpoints makes `<path>` at its end.
///
/// Until then lines lie in parts, files `.<name>.in-progress-<job>/<attempt>.<subtask>/<n>`; a
/// checkpoint's part is copied to the name that the snapshot gives it, by whoever does so first.
///
/// Threads: one. Errors: kInvalidArgument where another job owns the file; else as the file system
/// says.
class RemoteTextFile final : public TextOutput {
 public:
  RemoteTextFile(fs::FileSystem& files, std::string path, FileOwner owner);
  ~RemoteTextFile() override;

  Result<bool> taken() const override;
  Status claim() override;
  Status overwrite() override;
  Status restore(const WrittenFile& file) override;
  Status openDirectly() override;
  Status append(std::string_view bytes) override;
  Status seal(std::uint64_t checkpoint) override;
  Status commit(std::uint64_t checkpoint) override;
  WrittenFile state() const override;
  Status finish() override;
  void abandon() override;

 private:
  struct Part {
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t checkpoint = 0;  // 0: of a restored snapshot.
  };

  std::string nameOf(std::uint64_t number) const;
  Status publish(std::size_t count);
  Status removeFrom(std::uint64_t number);
  void removeUnfinished();
  /// What is in a mark, but for the directory of one attempt; the mark itself when nothing is left.
  Status removeAttempts(const std::string& mark, const std::string& but);

  fs::FileSystem& files_;  // Of the process.
  const std::string path_;
  const FileOwner owner_;
  const std::string mark_;
  const std::string attempt_;
  bool direct_ = false;
  std::uint64_t published_ = 0;  // Files.
  std::uint64_t bytes_ = 0;      // In them.
  std::vector<Part> sealed_;     // In order.
  std::unique_ptr<fs::FileWriter> part_;
  Part open_;
  std::uint64_t parts_ = 0;
};

/// The jobs, in hex, that mark files of `directory` as theirs; of all files, or of `name`.
Result<std::vector<std::string>> remotelyMarkedBy(fs::FileSystem& files,
                                                  const std::string& directory,
                                                  std::string_view name = {});

}  // namespace weir::connector
