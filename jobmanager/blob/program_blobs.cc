#include "jobmanager/blob/program_blobs.h"

namespace weir::blob {

std::vector<runtime::BlobKey> keysOf(const runtime::Program& program) {
  std::vector<runtime::BlobKey> keys;
  if (!program.executable.blob.sha256.empty()) {
    keys.push_back(program.executable.blob);
  }
  for (const auto* files : {&program.libraries, &program.shipped}) {
    for (const runtime::ProgramFile& file : *files) {
      keys.push_back(file.blob);
    }
  }
  return keys;
}

}  // namespace weir::blob
