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

bool mayComeRight(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_NOT_BUILT_IN:
    case CURLE_OUT_OF_MEMORY:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
    case CURLE_LOGIN_DENIED:
    case CURLE_AUTH_ERROR:
      return false;
    default:
      return true;
  }
}

}  // namespace weir::http
