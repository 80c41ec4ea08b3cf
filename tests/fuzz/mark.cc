#include "common/fs/memory_file_system.h"
#include "common/snapshot/layout.h"
#include "common/snapshot/mark_holder.h"
#include "common/snapshot/use_marks.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  fs::MemoryFileSystem files;
  std::vector<std::string> images;
  for (const std::string& holder : {snapshot::ownHolder(), std::string(), std::string("a b c")}) {
    const std::string directory = "/s" + std::to_string(images.size());
    check(snapshot::writeMark(files, directory, JobId(), holder).has_value(), "a mark is written");
    images.push_back(*fs::readAll(files, directory + "/" + snapshot::markName(JobId())));
  }
  return images;
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  fs::MemoryFileSystem files;
  const std::string path = "/s/" + snapshot::markName(JobId());
  fuzz::check(fs::writeAll(files, path, fuzz::view(data, size)).has_value(), "a file is written");
  const auto users = snapshot::jobsUsing(files, "/s");
  if (!users) {
    return 0;  // Too long.
  }
  fuzz::check(users->size() == 1 && users->front().job == JobId(), "a mark is its job's");
  const std::string& holder = users->front().holder;
  fuzz::check(!snapshot::describeHolder(holder).empty(), "a holder has a name");
  if (snapshot::isHolderGone(holder)) {
    fuzz::check(!holder.empty(), "a process that nobody names is not known to be gone");
  }
  return 0;
}
