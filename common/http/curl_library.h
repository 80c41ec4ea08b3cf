#pragma once

#include <curl/curl.h>

#include "common/base/result.h"

namespace weir::http {

// clang-format off
/// What is called of libcurl.
#define WEIR_CURL_FUNCTIONS(X)                                                                     \
  X(global_init) X(easy_init) X(easy_cleanup) X(easy_reset) X(easy_setopt) X(easy_perform)         \
  X(easy_getinfo) X(easy_strerror) X(slist_append) X(slist_free_all) X(getdate)
// clang-format on

/// libcurl, loaded into this process when the first file of a remote file system is touched and
/// never again let go: processes that know local files only pay nothing for it. Read-only once it
/// is loaded.
struct CurlLibrary {
#define WEIR_DECLARE_(name) decltype(&curl_##name) name = nullptr;
  WEIR_CURL_FUNCTIONS(WEIR_DECLARE_)
#undef WEIR_DECLARE_

  /// Lives as long as the process. Errors: kInvalidArgument where it is not installed.
  static Result<const CurlLibrary*> load();
};

/// Whether the same request may succeed later, after this failure.
bool mayComeRight(CURLcode code);

}  // namespace weir::http
