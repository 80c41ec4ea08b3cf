#include "common/graph/murmur3.h"

#include <bit>
#include <cstddef>
#include <cstring>

namespace weir::graph {
namespace {

constexpr std::uint64_t kC1 = 0x87c37b91114253d5ULL;
constexpr std::uint64_t kC2 = 0x4cf5ad432745937fULL;

std::uint64_t scramble1(std::uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
std::uint64_t scramble2(std::uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

std::uint64_t finalMix(std::uint64_t k) {
  k ^= k >> 33;
  k *= 0xff51afd7ed558ccdULL;
  k ^= k >> 33;
  k *= 0xc4ceb9fe1a85ec53ULL;
  return k ^ (k >> 33);
}

}  // namespace

Bytes16 murmur3(std::string_view bytes) {
  std::uint64_t h1 = 0;
  std::uint64_t h2 = 0;
  std::uint64_t block[2];
  std::string_view rest = bytes;
  for (; rest.size() >= 16; rest.remove_prefix(16)) {
    std::memcpy(block, rest.data(), 16);
    h1 ^= scramble1(block[0]);
    h1 = (std::rotl(h1, 27) + h2) * 5 + 0x52dce729;
    h2 ^= scramble2(block[1]);
    h2 = (std::rotl(h2, 31) + h1) * 5 + 0x38495ab5;
  }
  // The tail, padded with zeros: a block of zero leaves its half unchanged.
  block[0] = block[1] = 0;
  std::memcpy(block, rest.data(), rest.size());
  h2 ^= scramble2(block[1]);
  h1 ^= scramble1(block[0]);

  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finalMix(h1);
  h2 = finalMix(h2);
  h1 += h2;
  h2 += h1;

  Bytes16 hash;
  std::memcpy(hash.data(), &h1, 8);
  std::memcpy(hash.data() + 8, &h2, 8);
  return hash;
}

}  // namespace weir::graph
