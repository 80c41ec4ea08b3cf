#include "common/rocksdb/rocks_library.h"

#include <map>
#include <mutex>

#include <dlfcn.h>

#include "common/config/configuration.h"
#include "common/config/options.h"

namespace weir::rocks {

namespace {

/// What was loaded, by name; entries stay.
struct Loaded {
  std::mutex mutex;
  std::map<std::string, RocksLibrary> libraries;
};

Loaded& loaded() {
  static Loaded all;
  return all;
}

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
  Loaded& all = loaded();
  const std::lock_guard lock(all.mutex);
  if (const auto known = all.libraries.find(file); known != all.libraries.end()) {
    return &known->second;
  }
  WEIR_TRY(const RocksLibrary library, loadNow(file));
  return &all.libraries.emplace(file, library).first->second;
}

Result<const RocksLibrary*> RocksLibrary::loadAny() {
  {
    Loaded& all = loaded();
    const std::lock_guard lock(all.mutex);
    if (!all.libraries.empty()) {
      return &all.libraries.begin()->second;
    }
  }
  return load(config::Configuration().get(config::kRocksLibrary));
}

}  // namespace weir::rocks
