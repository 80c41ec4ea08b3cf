#include "common/snapshot/layout.h"

#include "common/fs/location.h"
#include "common/fs/plain_name.h"
#include "common/fs/uri.h"

namespace weir::snapshot {
namespace {

constexpr std::string_view kCheckpoint = "chk-";
constexpr std::string_view kSavepoint = "savepoint-";
constexpr std::string_view kOwnState = "state-";
constexpr std::string_view kLabel = "label";
constexpr std::string_view kInUse = "in-use-";
constexpr std::string_view kExport = ".export";
constexpr std::string_view kShared = "shared";

constexpr std::string_view kDecimal = "0123456789";
constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::size_t kVertexDigits = 8;
constexpr std::size_t kRandomDigits = 8;

bool allOf(std::string_view text, std::string_view digits) {
  return !text.empty() && text.find_first_not_of(digits) == std::string_view::npos;
}

/// Cuts the next part up to a dash off `rest`; whether it consists of `digits`, `count` of them (0:
/// any number).
bool take(std::string_view& rest, std::string_view digits, std::size_t count) {
  const std::size_t dash = rest.find('-');
  const std::string_view part = rest.substr(0, dash);
  rest.remove_prefix(dash == std::string_view::npos ? rest.size() : dash + 1);
  return (count == 0 || part.size() == count) && allOf(part, digits);
}

}  // namespace

std::string checkpointDirectory(std::string_view job_directory, CheckpointId checkpoint) {
  return fs::join(job_directory, std::string(kCheckpoint) + std::to_string(checkpoint.value()));
}

bool isCheckpointDirectory(std::string_view directory) {
  const std::string name = fs::nameOf(directory);
  return name.starts_with(kCheckpoint) &&
         allOf(std::string_view(name).substr(kCheckpoint.size()), kDecimal) &&
         JobId::parse(fs::nameOf(fs::parentOf(directory))).has_value();
}

bool isCheckpointDirectory(std::string_view directory, JobId job, CheckpointId checkpoint) {
  return checkpointDirectory(job.hex(), checkpoint) ==
         fs::join(fs::nameOf(fs::parentOf(directory)), fs::nameOf(directory));
}

std::string sharedDirectory(std::string_view checkpoint_directory) {
  return sharedDirectoryOfJob(fs::parentOf(checkpoint_directory));
}

std::string sharedDirectoryOfJob(std::string_view job_directory) {
  return fs::join(job_directory, kShared);
}

std::string savepointName(std::string_view random) {
  return std::string(kSavepoint) + std::string(random);
}

bool isSavepointName(std::string_view name) { return name.starts_with(kSavepoint); }

bool isHeapSavepoint(std::string_view path) { return path.starts_with("jobmanager:"); }

Result<std::string> savepointDirectory(const std::string& path) {
  WEIR_TRY(const auto location, fs::Location::parse(path));
  return location.name() == kMetadata ? location.parent().uri() : location.uri();
}

std::string exportName(std::string_view name, std::string_view random) {
  return "." + std::string(name) + "." + std::string(random) + std::string(kExport);
}

bool isExportName(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(kExport)) {
    return false;
  }
  name.remove_suffix(kExport.size());
  const std::size_t dot = name.rfind('.');
  return dot > 1 && name.size() - dot - 1 == kRandomDigits && allOf(name.substr(dot + 1), kHex);
}

std::string labelName(std::uint64_t number) {
  return std::string(kLabel) + (number == 0 ? "" : "-" + std::to_string(number));
}

std::optional<std::uint64_t> labelNumber(std::string_view name) {
  if (name == kLabel) {
    return 0;
  }
  constexpr std::size_t kMostDigits = 18;  // More would not fit.
  const std::size_t prefix = kLabel.size() + 1;
  if (!name.starts_with(kLabel) || name.size() <= prefix || name.size() > prefix + kMostDigits ||
      name[kLabel.size()] != '-' || name[prefix] == '0' || !allOf(name.substr(prefix), kDecimal)) {
    return std::nullopt;
  }
  return std::stoull(std::string(name.substr(prefix)));
}

bool isMetadata(std::string_view name) {
  return name == kMetadata || name == kDisposedMetadata || name == kDiscardedHandles;
}

std::string taskFileName(OperatorId vertex,
                         std::uint32_t subtask,
                         std::uint64_t attempt,
                         std::string_view random) {
  return vertex.hex().substr(0, kVertexDigits) + "-" + std::to_string(subtask) + "-" +
         std::to_string(attempt) + "-" + std::string(random);
}

bool isTaskFile(std::string_view name) {
  return !name.ends_with('-') && take(name, kHex, kVertexDigits) && take(name, kDecimal, 0) &&
         take(name, kDecimal, 0) && take(name, kHex, kRandomDigits) && name.empty();
}

std::string sharedFileName(OperatorId vertex,
                           std::uint32_t subtask,
                           std::uint64_t attempt,
                           CheckpointId checkpoint,
                           std::string_view random) {
  return taskFileName(
      vertex, subtask, attempt, std::to_string(checkpoint.value()) + "-" + std::string(random));
}

std::optional<CheckpointId> sharedSince(std::string_view name) {
  constexpr std::size_t kMostDigits = 18;  // More would not fit.
  if (name.ends_with('-') || !take(name, kHex, kVertexDigits) || !take(name, kDecimal, 0) ||
      !take(name, kDecimal, 0)) {
    return std::nullopt;
  }
  const std::string digits(name.substr(0, name.find('-')));
  const bool is_one = digits.size() <= kMostDigits && take(name, kDecimal, 0) &&
                      take(name, kHex, kRandomDigits) && name.empty();
  return is_one ? std::optional(CheckpointId(std::stoull(digits))) : std::nullopt;
}

std::string ownStateName(std::uint64_t number) {
  return std::string(kOwnState) + std::to_string(number);
}

bool isOwnState(std::string_view name) { return name.starts_with(kOwnState); }

bool isStateFileName(std::string_view name) {
  return fs::isPlainName(name) && name != kMetadata && name != kProgram && !labelNumber(name) &&
         !name.starts_with(kInUse);
}

std::string markName(JobId job) { return std::string(kInUse) + job.hex(); }

std::optional<JobId> markedJob(std::string_view name) {
  if (!name.starts_with(kInUse)) {
    return std::nullopt;
  }
  auto job = JobId::parse(name.substr(kInUse.size()));
  return job ? std::optional(*job) : std::nullopt;
}

}  // namespace weir::snapshot
