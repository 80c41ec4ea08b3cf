#include "common/connector/text_file_sink.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/connector/descriptor.h"
#include "common/connector/raise.h"
#include "common/fs/local_file_system.h"
#include "common/fs/uri.h"

namespace weir {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::chrono::milliseconds kFlushInterval(100);

/// Cuts a file to its first `bytes` bytes and returns it, open for appending.
Result<connector::Descriptor> openCut(const WrittenFile& file) {
  connector::Descriptor fd(::open(file.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  struct stat info{};
  if (!fd.isOpen() || ::fstat(fd.get(), &info) != 0) {
    return systemError(errno, "go on writing " + file.path);
  }
  if (static_cast<std::uint64_t>(info.st_size) < file.bytes) {
    return Error(ErrorCode::kFailedPrecondition,
                 "file " + file.path + " has " + std::to_string(info.st_size) + " bytes, but had " +
                     std::to_string(file.bytes) + " at the snapshot")
        .advise("bring the file back, or start without the state of this sink");
  }
  if (::ftruncate(fd.get(), static_cast<off_t>(file.bytes)) != 0) {
    return systemError(errno, "cut " + file.path);
  }
  return fd;
}

/// Whether a sink of `path` has written `file`.
bool belongsTo(const std::string& path, const WrittenFile& file) {
  return file.path == path || fs::parentOf(file.path) == path || file.path.starts_with(path + ".");
}

bool isFile(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

void TextFileSink::open(RuntimeContext& context) {
  if (context.isCheck()) {
    return;
  }
  flushed_ = std::chrono::steady_clock::now();
  std::string path = connector::orRaise(fs::localPath(fs::absolutePath(path_)));
  if (!files_.empty() && !belongsTo(path, files_.front())) {
    files_.clear();
    restored_ = false;  // The program names another path now: it starts there.
  }
  if (!files_.empty()) {
    openRestored();
    return;
  }
  const bool single = context.getNumberOfParallelSubtasks() == 1;
  // What was written at parallelism 1 stays where it is.
  const bool beside = !single && restored_ && isFile(path);
  fs::LocalFileSystem files;
  connector::orRaise(files.makeDirectories(single || beside ? fs::parentOf(path) : path));
  if (!single) {
    const std::string number = std::to_string(context.getIndexOfThisSubtask() + 1);
    path = beside ? path + "." + number : fs::join(path, number);
  }
  openFresh(path, !restored_);
}

void TextFileSink::openFresh(const std::string& path, bool may_exist) {
  std::string candidate = path;
  for (int suffix = 1;; ++suffix) {
    const int fd =
        ::open(candidate.c_str(),
               O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (may_exist ? O_TRUNC : O_EXCL),
               0666);
    if (fd >= 0) {
      file_ = std::make_shared<connector::Descriptor>(fd);
      files_ = {{candidate, 0}};
      return;
    }
    if (may_exist || errno != EEXIST) {
      connector::raise(systemError(errno, "create " + candidate));
    }
    candidate = path + "." + std::to_string(suffix);
  }
}

void TextFileSink::openRestored() {
  for (std::size_t i = files_.size(); i > 0; --i) {
    file_ = std::make_shared<connector::Descriptor>(connector::orRaise(openCut(files_[i - 1])));
  }
}

void TextFileSink::invoke(const std::string& line) {
  buffer_ += line;
  buffer_ += '\n';
  if (buffer_.size() >= kBufferBytes ||
      std::chrono::steady_clock::now() - flushed_ >= kFlushInterval) {
    flush();
  }
}

void TextFileSink::flush() {
  flushed_ = std::chrono::steady_clock::now();
  if (file_ == nullptr || buffer_.empty()) {
    return;
  }
  connector::orRaise(connector::writeAll(file_->get(), buffer_, files_.front().path));
  files_.front().bytes += buffer_.size();
  buffer_.clear();
  unsynced_ = true;
}

void TextFileSink::endInput() { flush(); }

void TextFileSink::close() {
  flush();
  file_.reset();
}

std::vector<WrittenFile> TextFileSink::snapshotState(std::uint64_t /*checkpoint_id*/) {
  flush();
  if (std::exchange(unsynced_, false) && ::fdatasync(file_->get()) != 0 && errno != EINVAL) {
    connector::raise(systemError(errno, "sync " + files_.front().path));
  }
  return files_;
}

void TextFileSink::restoreState(const std::vector<WrittenFile>& files) {
  restored_ = true;
  files_ = files;
}

}  // namespace weir
