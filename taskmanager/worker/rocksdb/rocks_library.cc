#include "taskmanager/worker/rocksdb/rocks_library.h"

#include <map>
#include <mutex>

#include <dlfcn.h>

namespace weir::worker {

namespace {

Error notUsable(const std::string& file, const char* cause) {
  return Error(ErrorCode::kInvalidArgument,
               "state.backend: rocksdb needs the library " + file +
                   ", which cannot be loaded: " + (cause == nullptr ? "no cause is known" : cause))
      .advise(
          "install Debian's package librocksdb7.8 on every machine of the cluster, name another "
          "file in state.backend.rocksdb.library, or use state.backend: filesystem");
}

Result<RocksLibrary> loadNow(const std::string& file) {
  void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return notUsable(file, ::dlerror());
  }
  RocksLibrary loaded;
#define WEIR_LOOK_UP_(name)                                                                  \
  loaded.name = reinterpret_cast<decltype(loaded.name)>(::dlsym(library, "rocksdb_" #name)); \
  if (loaded.name == nullptr) {                                                              \
    return notUsable(file, ::dlerror());                                                     \
  }
  WEIR_ROCKSDB_FUNCTIONS(WEIR_LOOK_UP_)
#undef WEIR_LOOK_UP_
  return loaded;
}

}  // namespace

Result<const RocksLibrary*> RocksLibrary::load(const std::string& file) {
  static std::mutex mutex;
  static std::map<std::string, RocksLibrary> loaded;  // By name; entries stay.
  const std::lock_guard lock(mutex);
  if (const auto known = loaded.find(file); known != loaded.end()) {
    return &known->second;
  }
  WEIR_TRY(const RocksLibrary library, loadNow(file));
  return &loaded.emplace(file, library).first->second;
}

}  // namespace weir::worker
