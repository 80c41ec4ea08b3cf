#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/fs/file_system.h"
#include "common/record/checksum.h"
#include "common/state/section.h"

namespace weir::worker {

/// The file of one subtask's snapshot: made when the first byte comes, gone unless committed.
/// Belongs to one thread. Errors: those of the file system, naming the path.
class SectionFile {
 public:
  SectionFile(fs::FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}

  Status append(std::string_view bytes);
  Status commit();
  bool started() const { return writer_ != nullptr; }
  std::uint64_t size() const { return size_; }
  const std::string& path() const { return path_; }

 private:
  Status flush();

  fs::FileSystem& files_;  // The worker's.
  std::string path_;
  std::unique_ptr<fs::FileWriter> writer_;
  std::string pending_;  // Collected into writes of useful size.
  std::uint64_t size_ = 0;
};

/// Takes one section: in memory up to a limit, and beyond it in the file, if there is one. Without
/// a file the excess is dropped and overflowed() says so. Lives as long as one section. Errors:
/// kCancelled once `unwanted` is set, and those of the file.
class SectionSink final : public state::ByteSink {
 public:
  SectionSink(std::uint64_t limit, SectionFile* file, const std::atomic<bool>& unwanted)
      : limit_(limit), file_(file), unwanted_(unwanted) {}

  Status append(std::string_view bytes) override;
  bool inFile() const { return in_file_; }
  std::uint64_t fileOffset() const { return offset_; }
  bool overflowed() const { return overflowed_; }
  std::string takeBytes() { return std::move(bytes_); }

 private:
  const std::uint64_t limit_;
  SectionFile* file_;                  // Of the subtask; may be null.
  const std::atomic<bool>& unwanted_;  // Of the snapshot.
  std::string bytes_;
  bool in_file_ = false;
  bool overflowed_ = false;
  std::uint64_t offset_ = 0;
};

/// Counts and sums what goes on to another sink.
class SummedSink final : public state::ByteSink {
 public:
  explicit SummedSink(state::ByteSink& to) : to_(to) {}

  Status append(std::string_view bytes) override {
    size_ += bytes.size();
    sum_.add(bytes);
    return to_.append(bytes);
  }
  std::uint64_t size() const { return size_; }
  std::uint64_t checksum() const { return sum_.value(); }  ///< XXH3-64.

 private:
  state::ByteSink& to_;
  std::uint64_t size_ = 0;
  record::Checksum sum_;
};

}  // namespace weir::worker
