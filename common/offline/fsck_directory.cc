#include "common/offline/fsck_directory.h"

#include <algorithm>

#include "common/fs/uri.h"
#include "common/snapshot/layout.h"

namespace weir::offline {

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
    } else if (regular && (snapshot::isTaskFile(entry.name) || snapshot::isOwnState(entry.name))) {
      facts.state_files.push_back(entry);
    } else if (const auto job = snapshot::markedJob(entry.name); regular && job) {
      facts.claimed_by.push_back(*job);
    } else if (!regular || (!snapshot::isMetadata(entry.name) && entry.name != snapshot::kLabel)) {
      facts.foreign.push_back(entry.name);
    }
  }
  facts.age_millis = std::max<std::int64_t>(now_millis - newest, 0);
  return facts;
}

}  // namespace weir::offline
