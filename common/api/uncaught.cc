#include "common/api/uncaught.h"

#include <cstdio>
#include <cstdlib>
#include <exception>

#include <unistd.h>

#include "common/api/job_execution_result.h"
#include "common/base/indented.h"
#include "common/base/utf8.h"

namespace weir::api {

namespace {

std::terminate_handler g_crash = nullptr;  // What the program had before.

/// A failed job that nobody caught is the program's end, and no crash of it.
[[noreturn]] void endUncaught() {
  try {
    if (const std::exception_ptr uncaught = std::current_exception()) {
      std::rethrow_exception(uncaught);
    }
  } catch (const JobExecutionException& failed) {
    std::fflush(nullptr);
    std::fprintf(stderr, "weir: %s\n", indented(escaped(failed.what(), "\n")).c_str());
    ::_exit(1);
  } catch (...) {  // NOLINT: a crash as it would be without us.
  }
  if (g_crash != nullptr) {
    g_crash();
  }
  std::abort();
}

}  // namespace

void endFailedProgramsWithOneLine() {
  static const bool set = [] {
    g_crash = std::set_terminate(&endUncaught);
    return true;
  }();
  (void)set;
}

}  // namespace weir::api
