#include "common/fs/progress.h"

#include <utility>

namespace weir::fs {
namespace {

thread_local Progress* current = nullptr;  // NOLINT: whom this thread works for.

}  // namespace

Progress::Scope::Scope(Progress& progress) : before_(std::exchange(current, &progress)) {
  progress.note();
}

Progress::Scope::~Scope() {
  noteProgress();
  current = before_;
}

void noteProgress() {
  if (current != nullptr) {
    current->note();
  }
}

}  // namespace weir::fs
