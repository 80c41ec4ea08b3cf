#pragma once

#include "common/functions/at_work.h"

namespace weir::worker {

/// From now on a signal that ends this process (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) first
/// writes where it came from to standard error: "weir: crashed in operator 'A' after 7 records",
/// then the stack. exit() that is called by an operator's code says so too. SIGQUIT makes every
/// task's thread write its stack, and nothing else.
///
/// Does nothing under sanitizers, which report crashes themselves, and leaves signals alone that
/// somebody handles already. Call it once, before threads are started.
void reportCrashes();

/// Makes the calling thread one whose crashes are reported with its operator, also when its stack
/// is exhausted, and whose stack SIGQUIT shows; for the lifetime of this object. A task's thread
/// has one, with a name that outlives it.
class CrashScope {
 public:
  explicit CrashScope(const char* task_name);
  ~CrashScope();
  CrashScope(const CrashScope&) = delete;
  CrashScope& operator=(const CrashScope&) = delete;

 private:
  int slot_ = -1;
  void* stack_ = nullptr;
};

}  // namespace weir::worker
