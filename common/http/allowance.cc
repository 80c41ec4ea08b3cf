#include "common/http/allowance.h"

#include <algorithm>

namespace weir::http {

bool Allowance::take(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > left_) {
    return false;
  }
  left_ -= bytes;
  return true;
}

void Allowance::giveBack(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  left_ += bytes;
}

Holding::~Holding() { allowance_->giveBack(taken_); }

bool Holding::add(std::uint64_t bytes, std::uint64_t own) {
  const std::uint64_t free = own + taken_;
  const std::uint64_t wanted = held_ + bytes > free ? held_ + bytes - free : 0;
  if (wanted > 0 && !allowance_->take(wanted)) {
    return false;
  }
  taken_ += wanted;
  held_ += bytes;
  return true;
}

void Holding::remove(std::uint64_t bytes) {
  held_ -= bytes;
  const std::uint64_t back = std::min(taken_, bytes);
  taken_ -= back;
  allowance_->giveBack(back);
}

}  // namespace weir::http
