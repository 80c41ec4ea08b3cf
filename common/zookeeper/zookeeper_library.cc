#include "common/zookeeper/zookeeper_library.h"

#include <string>

#include <dlfcn.h>

namespace weir::zookeeper {
namespace {

constexpr const char* kFile = "libzookeeper_mt.so.2";

Error notUsable(const char* cause) {
  return Error(ErrorCode::kInvalidArgument,
               std::string("recovery.mode: zookeeper needs the library ") + kFile +
                   ", which cannot be loaded: " + (cause == nullptr ? "no cause is known" : cause))
      .advise("install Debian's package libzookeeper-mt2 on every machine of the cluster");
}

Result<ZooKeeperLibrary> loadNow() {
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return notUsable(::dlerror());
  }
  ZooKeeperLibrary loaded;
#define WEIR_LOOK_UP_(name)                                                       \
  loaded.name = reinterpret_cast<decltype(loaded.name)>(::dlsym(library, #name)); \
  if (loaded.name == nullptr) {                                                   \
    return notUsable(::dlerror());                                                \
  }
  WEIR_ZOOKEEPER_FUNCTIONS(WEIR_LOOK_UP_)
#undef WEIR_LOOK_UP_
  loaded.open_acl = static_cast<const ACL_vector*>(::dlsym(library, "ZOO_OPEN_ACL_UNSAFE"));
  if (loaded.open_acl == nullptr) {
    return notUsable(::dlerror());
  }
  loaded.zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
  return loaded;
}

}  // namespace

Result<const ZooKeeperLibrary*> ZooKeeperLibrary::load() {
  static const Result<ZooKeeperLibrary> loaded = loadNow();  // One for the process.
  if (!loaded) {
    return Error(loaded.error());
  }
  return &*loaded;
}

}  // namespace weir::zookeeper
