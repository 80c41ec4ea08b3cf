#include "common/http/curl_library.h"

#include <string>

#include <dlfcn.h>

namespace weir::http {
namespace {

constexpr const char* kFile = "libcurl.so.4";

Error notUsable(const char* cause) {
  return Error(ErrorCode::kInvalidArgument,
               std::string("remote file systems need the library ") + kFile +
                   ", which cannot be loaded: " + (cause == nullptr ? "no cause is known" : cause))
      .advise("install Debian's package libcurl4 on every machine of the cluster");
}

Result<CurlLibrary> loadNow() {
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return notUsable(::dlerror());
  }
  CurlLibrary loaded;
#define WEIR_LOOK_UP_(name)                                                               \
  loaded.name = reinterpret_cast<decltype(loaded.name)>(::dlsym(library, "curl_" #name)); \
  if (loaded.name == nullptr) {                                                           \
    return notUsable(::dlerror());                                                        \
  }
  WEIR_CURL_FUNCTIONS(WEIR_LOOK_UP_)
#undef WEIR_LOOK_UP_
  if (loaded.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return notUsable("it did not initialize");
  }
  return loaded;
}

}  // namespace

Result<const CurlLibrary*> CurlLibrary::load() {
  static const Result<CurlLibrary> loaded = loadNow();  // One for the process.
  if (!loaded) {
    return Error(loaded.error());
  }
  return &*loaded;
}

}  // namespace weir::http
