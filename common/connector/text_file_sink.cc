#include "common/connector/text_file_sink.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <sys/stat.h>

#include "common/connector/committed_file.h"
#include "common/connector/raise.h"
#include "common/connector/remote_files.h"
#include "common/connector/remote_text_file.h"
#include "common/fs/file_system.h"
#include "common/fs/location.h"
#include "common/fs/uri.h"

namespace weir {
namespace {

constexpr std::size_t kBufferBytes = 64 * 1024;
constexpr std::chrono::milliseconds kFlushInterval(100);

/// Whether a sink of `path` has written `file`.
bool belongsTo(const std::string& path, const WrittenFile& file) {
  return file.path == path || fs::parentOf(file.path) == path || file.path.starts_with(path + ".");
}

enum class Kind : std::uint8_t { kNothing, kFile, kEmptyFile, kDirectory, kSpecial };

Kind kindOf(fs::FileSystem& files, const std::string& path) {
  if (connector::isRemote(path)) {
    const auto found = files.stat(path);
    if (!found && found.error().code() != ErrorCode::kNotFound) {
      connector::raise(found.error());
    }
    if (!found) {
      return Kind::kNothing;
    }
    return found->directory ? Kind::kDirectory : found->size == 0 ? Kind::kEmptyFile : Kind::kFile;
  }
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    return Kind::kNothing;
  }
  if (S_ISREG(info.st_mode)) {
    return info.st_size == 0 ? Kind::kEmptyFile : Kind::kFile;
  }
  return S_ISDIR(info.st_mode) ? Kind::kDirectory : Kind::kSpecial;
}

/// The subtask, from 0, of a file that a sink named: "<n>", "<n>.<k>" or "<n>-<k>"; -1 for others.
std::int64_t subtaskOf(std::string_view name) {
  constexpr std::size_t kMostDigits = 9;
  const std::string_view number = name.substr(0, name.find_first_of(".-"));
  const std::string_view rest = name.substr(number.size());
  const auto digits = [](std::string_view text) {
    return !text.empty() && text.size() <= kMostDigits &&
           std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(number) || (!rest.empty() && !digits(rest.substr(1)))) {
    return -1;
  }
  return std::stoll(std::string(number)) - 1;
}

Error taken(const std::string& path, const std::string& what) {
  return Error(ErrorCode::kInvalidArgument, "the path " + path + " of the sink " + what)
      .advise("name another path, remove it, or use WriteMode::kOverwrite");
}

/// The first visible file in the directory that holds something; empty when there is none.
std::string firstFileIn(fs::FileSystem& files, const std::string& directory) {
  for (const fs::FileInfo& one : connector::orRaise(files.list(directory))) {
    if (!one.directory && !one.name.starts_with('.') && one.size > 0) {
      return one.name;
    }
  }
  return "";
}

}  // namespace

bool TextFileSink::isRemote() const { return connector::isRemote(path_); }

std::shared_ptr<connector::TextOutput> TextFileSink::make(const std::string& path) const {
  const functions::TaskInfo& task = context_->task();
  const connector::FileOwner owner{task.job.hex(), task.attempt.value(), task.subtask};
  if (connector::isRemote(path)) {
    return std::make_shared<connector::RemoteTextFile>(*task.files, path, owner);
  }
  return std::make_shared<connector::CommittedFile>(path, owner);
}

/// A device or a pipe.
void TextFileSink::openSpecial(const std::string& path) {
  const functions::TaskInfo& task = context_->task();
  const auto special = std::make_shared<connector::CommittedFile>(
      path, connector::FileOwner{task.job.hex(), task.attempt.value(), task.subtask});
  connector::orRaise(special->openSpecial());
  file_ = special;
}

void TextFileSink::open(RuntimeContext& context) {
  if (context.isCheck()) {
    return;
  }
  context_ = &context;
  flushed_ = std::chrono::steady_clock::now();
  const std::string path = isRemote() ? connector::orRaise(fs::Location::parse(path_)).uri()
                                      : connector::orRaise(fs::localPath(fs::absolutePath(path_)));
  if (!files_.empty() && !belongsTo(path, files_.front())) {
    files_.clear();
    restored_ = false;  // The program names another path now: it starts there.
  }
  if (!files_.empty()) {
    openRestored();
  } else if (single() && kindOf(*context.task().files, path) == Kind::kSpecial) {
    openSpecial(path);
    return;
  } else if (restored_) {
    openBeside(path);
  } else {
    openFresh(path);
  }
  if (!context.task().checkpointing) {
    connector::orRaise(file_->openDirectly());
  }
}

void TextFileSink::openRestored() {
  for (std::size_t i = files_.size(); i > 0; --i) {
    file_ = make(files_[i - 1].path);
    connector::orRaise(file_->restore(files_[i - 1]));
    if (i > 1) {  // It stays as it is from now on.
      connector::orRaise(file_->finish());
      files_[i - 1] = file_->state();
    }
  }
}

/// For a subtask of a restored sink to which no file fell.
void TextFileSink::openBeside(const std::string& path) {
  std::string name = path;
  if (!single()) {
    const Kind kind = kindOf(*context_->task().files, path);
    // What was written at parallelism 1 stays where it is.
    const bool beside = kind == Kind::kFile || kind == Kind::kEmptyFile;
    const std::string number = std::to_string(context_->getIndexOfThisSubtask() + 1);
    name = beside ? path + "." + number : fs::join(path, number);
  }
  connector::orRaise(context_->task().files->makeDirectories(fs::parentOf(name)));
  file_ = make(name);
  for (int suffix = 1; connector::orRaise(file_->taken()); ++suffix) {
    file_ = make(name + "." + std::to_string(suffix));
  }
  connector::orRaise(file_->claim());
}

void TextFileSink::openFresh(const std::string& path) {
  if (mode_ == WriteMode::kOverwrite) {
    clear(path);
  } else {
    refuseOthers(path);
  }
  connector::orRaise(context_->task().files->makeDirectories(single() ? fs::parentOf(path) : path));
  const std::string number = std::to_string(context_->getIndexOfThisSubtask() + 1);
  file_ = make(single() ? path : fs::join(path, number));
  connector::orRaise(file_->claim());
}

std::vector<std::string> TextFileSink::markedBy(const std::string& directory,
                                                const std::string& name) const {
  return connector::orRaise(
      isRemote() ? connector::remotelyMarkedBy(*context_->task().files, directory, name)
                 : connector::markedBy(directory, name));
}

void TextFileSink::refuseOthers(const std::string& path) const {
  const Kind kind = kindOf(*context_->task().files, path);
  if (single() && kind == Kind::kDirectory) {
    connector::raise(taken(path, "is a directory, but at parallelism 1 it writes one file"));
  }
  if (!single() && kind != Kind::kDirectory && kind != Kind::kNothing) {
    connector::raise(taken(path, "is a file, but above parallelism 1 it writes into a directory"));
  }
  const std::string directory = single() ? fs::parentOf(path) : path;
  const std::string name = single() ? fs::nameOf(path) : "";
  const std::string other = kind == Kind::kDirectory ? firstFileIn(*context_->task().files, path)
                            : kind == Kind::kFile    ? name
                                                     : "";
  // A mark of ours says that an earlier attempt or another subtask was here; it was made before
  // any file was, so it is looked for last.
  const auto jobs = markedBy(directory, name);
  const std::string self = context_->task().job.hex();
  const bool ours = std::ranges::find(jobs, self) != jobs.end();
  const auto foreign = std::ranges::find_if(jobs, [&](const auto& job) { return job != self; });
  if (foreign != jobs.end()) {
    connector::raise(
        taken(path, "is being written by job " + *foreign + ", or that job was ended"));
  }
  if (!other.empty() && !ours) {
    connector::raise(taken(
        path, single() ? "holds a file of another job" : "holds files of another job: " + other));
  }
}

/// Removes what is there. Each subtask its share, so that none removes what another one began.
void TextFileSink::clear(const std::string& path) {
  const Kind kind = kindOf(*context_->task().files, path);
  if (single()) {
    if (kind == Kind::kDirectory) {
      connector::raise(Error(ErrorCode::kInvalidArgument,
                             "the path " + path +
                                 " of the sink is a directory, but at parallelism "
                                 "1 it writes one file")
                           .advise("name another path, or remove it"));
    }
    connector::orRaise(make(path)->overwrite());
    return;
  }
  if (kind == Kind::kFile || kind == Kind::kEmptyFile) {
    // Another subtask may have been here; what cannot be removed is in the way of the directory.
    static_cast<void>(context_->task().files->removeFile(path));
    return;
  }
  const auto own = static_cast<std::int64_t>(context_->task().subtask);
  connector::orRaise(
      make(fs::join(path, std::to_string(context_->getIndexOfThisSubtask() + 1)))->overwrite());
  if (kind != Kind::kDirectory) {
    return;
  }
  for (const fs::FileInfo& one : connector::orRaise(context_->task().files->list(path))) {
    const std::int64_t subtask = one.directory ? -1 : subtaskOf(one.name);
    if (subtask >= 0 && subtask % context_->getNumberOfParallelSubtasks() == own) {
      connector::orRaise(make(fs::join(path, one.name))->overwrite());
    }
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
  context_->enforceLease();
  connector::orRaise(file_->append(buffer_));
  buffer_.clear();
}

void TextFileSink::endInput() { flush(); }

void TextFileSink::notifyFinished() {
  if (file_ != nullptr) {
    context_->enforceLease();
    flush();
    connector::orRaise(file_->finish());
    file_.reset();
  }
}

/// What was not flushed before a failure or a cancel belongs to nobody.
void TextFileSink::close() {
  if (file_ != nullptr) {
    file_->abandon();
    file_.reset();
  }
}

std::vector<WrittenFile> TextFileSink::snapshotState(std::uint64_t checkpoint_id) {
  flush();
  connector::orRaise(file_->seal(checkpoint_id));
  std::vector<WrittenFile> files{file_->state()};
  if (files_.size() > 1) {
    files.insert(files.end(), files_.begin() + 1, files_.end());
  }
  return files;
}

void TextFileSink::restoreState(const std::vector<WrittenFile>& files) {
  restored_ = true;
  files_ = files;
}

void TextFileSink::notifyCheckpointComplete(std::uint64_t checkpoint_id) {
  if (file_ != nullptr) {
    context_->enforceLease();
    connector::orRaise(file_->commit(checkpoint_id));
  }
}

}  // namespace weir
