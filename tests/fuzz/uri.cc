#include "common/fs/uri.h"

#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  return {"file:///a/b/../c", "file:/a//b/./c/", "file://localhost/x", "/plain/path", "hdfs://h/x"};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string_view text = fuzz::view(data, size);
  const auto path = fs::localPath(text);
  if (path.has_value()) {
    fuzz::check(path->starts_with('/') && path->find("//") == std::string::npos,
                "a local path is absolute and plain");
    const auto again = fs::localPath(fs::toFileUri(*path));
    fuzz::check(again.has_value() && *again == *path, "a path comes back from its URI");
    fuzz::check(fs::join(fs::parentOf(*path), fs::nameOf(*path)) == *path,
                "a path is the name in its parent");
  }
  (void)fs::absolutePath(text);
  return 0;
}
