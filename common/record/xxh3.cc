#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/record/checksum.h"
#include "common/record/key_hash.h"

namespace weir::record {

std::uint64_t xxh3(const void* data, std::size_t size) { return XXH3_64bits(data, size); }

struct Checksum::State {
  XXH3_state_t hash;
};

Checksum::Checksum() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->hash); }
Checksum::~Checksum() = default;

void Checksum::add(std::string_view bytes) {
  XXH3_64bits_update(&state_->hash, bytes.data(), bytes.size());
}

std::uint64_t Checksum::value() const { return XXH3_64bits_digest(&state_->hash); }

}  // namespace weir::record
