#include "common/offline/fsck_directory.h"

#include <algorithm>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/savepoints.h"

namespace weir::offline {

namespace {

/// One that cannot be read claims all the same, for a process that nobody knows.
std::vector<snapshot::InUse> marksIn(fs::FileSystem& files, const std::string& directory) {
  if (auto marks = snapshot::jobsUsing(files, directory)) {
    return *std::move(marks);
  }
  std::vector<snapshot::InUse> marks;
  for (const JobId job : snapshot::usersOf(files, directory)) {
    marks.push_back({job, {}});
  }
  return marks;
}

}  // namespace

DirectoryFacts factsOf(fs::FileSystem& files,
                       const std::string& directory,
                       std::int64_t now_millis) {
  DirectoryFacts facts;
  std::int64_t newest = 0;
  const auto own = files.stat(directory);
  const auto entries = files.list(directory);
  if (!own || !entries) {
    return facts;
  }
  newest = own->modified_millis;
  for (const fs::FileInfo& entry : *entries) {
    newest = std::max(newest, entry.modified_millis);
    const bool regular = entry.regular && !entry.link;
    facts.size += regular ? entry.size : 0;
    if (entry.name == snapshot::kProgram && entry.directory && !entry.link) {
      const DirectoryFacts program = factsOf(files, fs::join(directory, entry.name), now_millis);
      facts.size += program.size;
      newest = std::max(newest, now_millis - program.age_millis);
    } else if (regular && (snapshot::isTaskFile(entry.name) || snapshot::sharedSince(entry.name) ||
                           snapshot::isOwnState(entry.name))) {
      facts.state_files.push_back(entry);
    } else if (const auto job = snapshot::markedJob(entry.name); regular && job) {
      continue;
    } else if (!regular ||
               (!snapshot::isMetadata(entry.name) && !snapshot::labelNumber(entry.name))) {
      facts.foreign.push_back(entry.name);
    }
  }
  facts.marks = marksIn(files, directory);
  facts.age_millis = std::max<std::int64_t>(now_millis - newest, 0);
  return facts;
}

}  // namespace weir::offline
