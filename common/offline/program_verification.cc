#include "common/fs/digest.h"
#include "common/fs/uri.h"
#include "common/offline/verification.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/program_files.h"

namespace weir::offline {

std::vector<Damage> verifyProgram(fs::FileSystem& files, const std::string& directory) {
  const std::string below = fs::join(directory, snapshot::kProgram);
  const auto keys = snapshot::programFiles(files, directory);
  if (!keys) {
    return {{fs::join(below, snapshot::kProgramDescription), "", keys.error().message()}};
  }
  std::vector<Damage> damages;
  if (keys->empty() && files.stat(below)) {
    damages.push_back({fs::join(below, snapshot::kProgramDescription), "", "it is missing"});
  }
  for (const runtime::BlobKey& key : *keys) {
    const std::string path = fs::join(below, key.sha256);
    const auto digest = fs::sha256OfFile(files, path);
    if (!digest) {
      damages.push_back({path, "", digest.error().message()});
    } else if (*digest != key.sha256) {
      damages.push_back({path, "", "it is not the file of the program that was stored"});
    }
  }
  return damages;
}

}  // namespace weir::offline
