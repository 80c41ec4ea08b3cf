#pragma once

#include <cstdint>
#include <string>

namespace weir {

/// Where 64 random bits come from; passed in so that a simulation replays a seed.
/// Threads: an instance belongs to one thread, except the one of systemRandom().
class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;

  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// `digits` random lower-case hex digits.
  std::string hex(int digits);
};

/// SplitMix64 (Steele, Lea, Flood 2014): the same seed gives the same sequence everywhere.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;

 private:
  std::uint64_t state_;
};

/// Randomness of the kernel (getrandom). Safe from any thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

}  // namespace weir
