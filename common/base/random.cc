#include "common/base/random.h"

#include <cstdlib>

#include <sys/random.h>

namespace weir {

std::string Random::hex(int digits) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (int i = 0; i < digits; ++i) {
    text.push_back(kDigits[next() & 15]);
  }
  return text;
}

std::uint64_t SeededRandom::next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

std::uint64_t SystemRandom::next() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) {
    std::abort();  // Cannot fail for 8 bytes once the kernel's pool is ready (getrandom(2)).
  }
  return bits;
}

}  // namespace weir
