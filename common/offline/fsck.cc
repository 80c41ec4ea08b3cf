#include "common/offline/fsck.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "common/fs/location.h"
#include "common/fs/uri.h"
#include "common/offline/fsck_directory.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/mark_holder.h"
#include "common/snapshot/shared_files.h"
#include "common/snapshot/state_files.h"

namespace weir::offline {
namespace {

using Kind = Finding::Kind;

/// Goes through the directories, then says what nobody named.
class Scan {
 public:
  Scan(fs::FileSystem& files, const FsckSettings& settings, FsckReport& report)
      : files_(files), settings_(settings), report_(report) {}

  Status look(const std::string& directory) {
    WEIR_TRY(const auto location, fs::Location::parse(directory));
    WEIR_TRY(const auto entries, files_.list(location.uri()));
    if (isSnapshot(entries) || snapshot::isCheckpointDirectory(location.uri())) {
      return lookAtSnapshot(location.uri(), {});
    }
    if (JobId::parse(location.name())) {
      return lookAtJob(location.uri());
    }
    for (const fs::FileInfo& entry : entries) {
      if (entry.directory && !entry.link) {
        WEIR_RETURN_IF_ERROR(lookBelow(location.child(entry.name).uri(), entry.name));
      }
    }
    return ok();
  }

  /// Forgets what was found so far, but not what it needs.
  void keepOnlyNames() {
    report_.all_readable = std::ranges::none_of(
        report_.findings, [](const Finding& one) { return one.kind == Kind::kDamaged; });
    report_.findings.clear();
    report_.snapshots = 0;
    looked_at_.clear();
    candidates_.clear();
    bare_.clear();
    facts_.clear();
    marks_.clear();
  }

  /// What no metadata named, once all was looked at.
  void end() {
    for (const Finding& one : candidates_) {
      if (!isNamed(one.path)) {
        report_.findings.push_back(one);
      }
    }
    for (const std::string& directory : bare_) {
      addBare(directory);
    }
    for (Finding& one : report_.findings) {
      std::erase_if(one.claimed_by,
                    [this](const Claim& claim) { return !living_.contains(claim.job); });
    }
    addStaleMarks();
  }

 private:
  static bool isSnapshot(const std::vector<fs::FileInfo>& entries) {
    return std::ranges::any_of(entries, [](const fs::FileInfo& entry) {
      return snapshot::isMetadata(entry.name) && !entry.directory;
    });
  }

  Status lookBelow(const std::string& path, const std::string& name) {
    if (snapshot::isExportName(name)) {
      DirectoryFacts facts = factsOf(files_, path, settings_.now_millis);
      report_.findings.push_back(
          finding(Kind::kUnended, path, "an export that was cut short", facts));
      return ok();
    }
    if (JobId::parse(name)) {
      return lookAtJob(path);
    }
    WEIR_TRY(const auto entries, files_.list(path));
    return isSnapshot(entries) || snapshot::isSavepointName(name) ? lookAtSnapshot(path, {}) : ok();
  }

  Status lookAtJob(const std::string& path) {
    WEIR_TRY(const auto entries, files_.list(path));
    const DirectoryFacts of_job = factsOf(files_, path, settings_.now_millis);
    if (looked_at_.insert(path).second) {
      takeMarks(path, of_job.marks);
    }
    for (const fs::FileInfo& entry : entries) {
      const std::string below = fs::join(path, entry.name);
      if (entry.directory && !entry.link && snapshot::isCheckpointDirectory(below)) {
        WEIR_RETURN_IF_ERROR(lookAtSnapshot(below, of_job.marks));
      }
      if (entry.directory && !entry.link && below == snapshot::sharedDirectoryOfJob(path)) {
        lookAtShared(below, of_job.marks);
      }
    }
    return ok();
  }

  void lookAtShared(const std::string& path, const std::vector<snapshot::InUse>& above) {
    DirectoryFacts facts = factsOf(files_, path, settings_.now_millis);
    facts.marks.insert(facts.marks.end(), above.begin(), above.end());
    for (const fs::FileInfo& entry : facts.state_files) {
      candidates_.push_back(unnamed(path, entry, facts));
    }
  }

  Status lookAtSnapshot(const std::string& path, const std::vector<snapshot::InUse>& above) {
    if (!looked_at_.insert(path).second) {
      return ok();
    }
    DirectoryFacts facts = factsOf(files_, path, settings_.now_millis);
    takeMarks(path, facts.marks);
    facts.marks.insert(facts.marks.end(), above.begin(), above.end());
    const auto metadata = snapshot::readMetadata(files_, path, path, settings_.most_metadata);
    if (metadata) {
      ++report_.snapshots;
      take(path, *metadata, facts);
      return ok();
    }
    if (metadata.error().code() != ErrorCode::kNotFound) {
      report_.findings.push_back(finding(Kind::kDamaged, path, metadata.error().message(), facts));
      return ok();
    }
    if (files_.stat(fs::join(path, snapshot::kDisposedMetadata))) {
      report_.findings.push_back(
          finding(Kind::kTombstone, path, "a disposal that was cut short", facts));
      return ok();
    }
    facts_.emplace(path, std::move(facts));
    bare_.push_back(path);
    return ok();
  }

  /// Intact metadata: what it names is needed, and what lies beside it unnamed is not.
  void take(const std::string& path,
            const runtime::CheckpointMetadata& metadata,
            const DirectoryFacts& facts) {
    // What was moved, or is reached through a link, names another directory than it lies in.
    for (const std::string& place : {path, metadata.data_directory}) {
      if (const auto info = files_.stat(place)) {
        for (const std::string& name : snapshot::dataFiles(metadata)) {
          named_in_[info->identity].insert(name);
        }
      }
    }
    for (const std::string& name : snapshot::dataFiles(metadata)) {
      named_.insert(name);
    }
    named_.merge(snapshot::sharedFiles(metadata));
    const auto damaged = snapshot::damagedFiles(files_, metadata);
    for (const std::string& one :
         damaged ? *damaged : std::vector<std::string>{damaged.error().message()}) {
      report_.findings.push_back(finding(Kind::kMissing, path, one, facts));
    }
    for (const fs::FileInfo& entry : facts.state_files) {
      candidates_.push_back(unnamed(path, entry, facts));
    }
  }

  /// Whether some intact metadata names a file of state. Names of workers' files are unique, so
  /// that it does not matter where they lie; those of savepoints are told by their directory.
  bool isNamed(const std::string& path) const {
    const std::string name = fs::nameOf(path);
    if (snapshot::isTaskFile(name) || snapshot::sharedSince(name)) {
      return named_.contains(name);
    }
    const auto directory = files_.stat(fs::parentOf(path));
    const auto found = directory ? named_in_.find(directory->identity) : named_in_.end();
    return !directory || (found != named_in_.end() && found->second.contains(name));
  }

  /// A directory without metadata: what is in it may be another one's state.
  void addBare(const std::string& path) {
    const DirectoryFacts& facts = facts_.at(path);
    std::vector<Finding> unnamed_files;
    for (const fs::FileInfo& entry : facts.state_files) {
      if (Finding orphan = unnamed(path, entry, facts); !isNamed(orphan.path)) {
        unnamed_files.push_back(std::move(orphan));
      }
    }
    if (unnamed_files.size() == facts.state_files.size()) {
      const bool young = facts.age_millis < settings_.guard_millis;
      report_.findings.push_back(finding(
          Kind::kOrphan,
          path,
          young ? "a directory of state without metadata, as a snapshot that is being written has"
                : "a directory of state without metadata",
          facts));
    } else {
      report_.findings.insert(report_.findings.end(), unnamed_files.begin(), unnamed_files.end());
    }
  }

  Finding unnamed(const std::string& path,
                  const fs::FileInfo& entry,
                  const DirectoryFacts& facts) const {
    Finding orphan = finding(
        Kind::kOrphan, fs::join(path, entry.name), "a file of state that no snapshot names", facts);
    orphan.size = entry.size;
    orphan.age_millis = std::max<std::int64_t>(settings_.now_millis - entry.modified_millis, 0);
    return orphan;
  }

  void takeMarks(const std::string& directory, const std::vector<snapshot::InUse>& marks) {
    for (const snapshot::InUse& mark : marks) {
      if (claims(mark, settings_)) {
        living_.insert(mark.job);
      }
      marks_.emplace_back(directory, mark);
    }
  }

  /// Before all else, as a directory goes only when no mark is left in it. One beside another of
  /// the same job that is held counts: that process has taken the job up.
  void addStaleMarks() {
    std::vector<Finding> stale;
    for (const auto& [directory, mark] : marks_) {
      if (!living_.contains(mark.job)) {
        Finding& one = stale.emplace_back();
        one.kind = Kind::kStaleMark;
        one.path = fs::join(directory, snapshot::markName(mark.job));
        one.what = "the mark of job " + mark.job.hex() + ", held by " +
                   snapshot::describeHolder(mark.holder) + ", which is gone";
        one.age_millis = std::max<std::int64_t>(settings_.now_millis - mark.written_millis, 0);
      }
    }
    report_.findings.insert(report_.findings.begin(), stale.begin(), stale.end());
  }

  Finding finding(Kind kind,
                  const std::string& path,
                  const std::string& what,
                  const DirectoryFacts& facts) const {
    Finding one;
    one.kind = kind;
    one.path = path;
    one.what = what;
    one.size = facts.size;
    one.age_millis = facts.age_millis;
    for (const snapshot::InUse& mark : facts.marks) {
      one.claimed_by.push_back(
          {mark.job,
           mark.holder,
           std::max<std::int64_t>(settings_.now_millis - mark.written_millis, 0)});
    }
    return one;
  }

  fs::FileSystem& files_;
  const FsckSettings& settings_;
  FsckReport& report_;
  std::set<std::string> looked_at_;
  std::set<std::string> named_;  // Names of files that intact metadata names, wherever.
  std::map<std::string, std::set<std::string>> named_in_;  // The same by the directory's identity.
  std::vector<Finding> candidates_;                        // Unless somebody names them.
  std::vector<std::string> bare_;                          // Directories without metadata.
  std::map<std::string, DirectoryFacts> facts_;
  std::set<JobId> living_;  // Jobs of which a mark is held by a process that may live.
  std::vector<std::pair<std::string, snapshot::InUse>> marks_;  // With their directories.
};

}  // namespace

bool FsckReport::losesState() const { return std::ranges::any_of(findings, &Finding::isLoss); }

Result<FsckReport> fsck(fs::FileSystem& files,
                        const std::vector<std::string>& directories,
                        const FsckSettings& settings) {
  FsckReport report;
  Scan scan(files, settings, report);
  for (const std::string& directory : settings.needed_by) {
    if (const Status looked = scan.look(directory);
        !looked && looked.error().code() != ErrorCode::kNotFound) {
      return looked.error();
    }
  }
  scan.keepOnlyNames();
  for (const std::string& directory : directories) {
    WEIR_RETURN_IF_ERROR(scan.look(directory));
  }
  scan.end();
  report.all_readable =
      report.all_readable && std::ranges::none_of(report.findings, [](const Finding& one) {
        return one.kind == Kind::kDamaged;
      });
  return report;
}

}  // namespace weir::offline
