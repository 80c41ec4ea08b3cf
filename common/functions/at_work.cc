#include "common/functions/at_work.h"

#include <exception>

namespace weir::functions {

WorkOfThread& workOfThread() noexcept {
  thread_local constinit WorkOfThread work;
  return work;
}

AtWork::AtWork(Work& work, std::size_t records) noexcept
    : thread_(workOfThread()), before_(thread_.current), exceptions_(std::uncaught_exceptions()) {
  work.records += records;
  if (before_ == nullptr) {
    thread_.thrower = nullptr;
  }
  thread_.current = &work;
}

AtWork::~AtWork() {
  if (thread_.thrower == nullptr && std::uncaught_exceptions() > exceptions_) {
    thread_.thrower = thread_.current;
  }
  thread_.current = before_;
}

}  // namespace weir::functions
