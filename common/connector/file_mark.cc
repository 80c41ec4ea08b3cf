#include "common/connector/file_mark.h"

#include <algorithm>

#include <unistd.h>

#include "common/connector/local_files.h"
#include "common/fs/uri.h"

namespace weir::connector {
namespace {

constexpr std::string_view kInProgress = ".in-progress-";
constexpr std::size_t kJobDigits = 32;

/// Of an attempt's directory: "<attempt>.<subtask>".
std::string_view subtaskOf(std::string_view name) {
  const std::size_t dot = name.find('.');
  return dot != std::string_view::npos && isNumber(name.substr(0, dot)) ? name.substr(dot + 1) : "";
}

/// Deletes an attempt's directory: what is named as we name parts, and nothing below that.
void removeAttempt(const std::string& directory) {
  if (const auto names = namesIn(directory)) {
    for (const std::string& name : *names) {
      if (isNumber(name)) {
        ::unlink(fs::join(directory, name).c_str());
      }
    }
  }
  ::rmdir(directory.c_str());
}

/// Deletes what is in a mark, but for one attempt; the mark itself when nothing is left.
Status removeAttempts(const std::string& mark, std::string_view but = {}) {
  WEIR_TRY(const auto names, namesIn(mark));
  for (const std::string& name : names) {
    if (name != but && isNumber(subtaskOf(name))) {
      removeAttempt(fs::join(mark, name));
    }
  }
  if (but.empty()) {
    ::rmdir(mark.c_str());
  }
  return ok();
}

}  // namespace

std::string markOf(const std::string& path, std::string_view job) {
  return fs::join(fs::parentOf(path),
                  "." + fs::nameOf(path) + std::string(kInProgress) + std::string(job));
}

std::vector<std::string> marksAmong(const std::vector<std::string>& names, std::string_view name) {
  std::vector<std::string> jobs;
  for (const std::string& one : names) {
    const std::size_t at = one.rfind(kInProgress);
    if (one.front() == '.' && at != std::string::npos && at > 1 &&
        one.size() - at - kInProgress.size() == kJobDigits &&
        (name.empty() || std::string_view(one).substr(1, at - 1) == name)) {
      jobs.push_back(one.substr(at + kInProgress.size()));
    }
  }
  return jobs;
}

Result<std::vector<std::string>> markedBy(const std::string& directory, std::string_view name) {
  WEIR_TRY(const auto names, namesIn(directory));
  return marksAmong(names, name);
}

FileMark::FileMark(const std::string& path, const FileOwner& owner)
    : path_(path),
      job_(owner.job),
      subtask_(std::to_string(owner.subtask)),
      mark_(markOf(path, owner.job)),
      attempt_(fs::join(mark_, std::to_string(owner.attempt) + "." + subtask_)) {}

Result<std::vector<std::string>> FileMark::otherJobs() const {
  WEIR_TRY(auto jobs, markedBy(fs::parentOf(path_), fs::nameOf(path_)));
  std::erase(jobs, job_);
  return jobs;
}

Result<bool> FileMark::otherSubtasks() const {
  WEIR_TRY(const auto attempts, namesIn(mark_));
  return std::ranges::any_of(attempts, [this](const std::string& name) {
    return isNumber(subtaskOf(name)) && subtaskOf(name) != subtask_;
  });
}

Status FileMark::claim() const {
  WEIR_RETURN_IF_ERROR(makeDirectory(mark_));
  WEIR_RETURN_IF_ERROR(removeAttempts(mark_, fs::nameOf(attempt_)));
  return makeDirectory(attempt_);
}

Status FileMark::remove() const { return removeAttempts(mark_); }

Status FileMark::removeOthers() const {
  WEIR_TRY(const auto jobs, otherJobs());
  for (const std::string& job : jobs) {
    WEIR_RETURN_IF_ERROR(removeAttempts(markOf(path_, job)));
  }
  return ok();
}

void FileMark::removeEmpty() const {
  ::rmdir(attempt_.c_str());
  ::rmdir(mark_.c_str());
}

}  // namespace weir::connector
