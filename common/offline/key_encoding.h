#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/schema/schema.h"

/// Keys that a user types, without the program's types.
namespace weir::offline {

/// The encoded key that `text` means: JSON as json_mapping.md says; for strings also bare text.
/// kInvalidArgument, with the schema, when it is none.
Result<std::string> encodeKey(std::string_view text, const record::Schema& schema);

/// The canonical form of an encoded key (common/record/key_codec.h): equal keys have equal ones.
/// kCorruption when `encoded` is no value of the schema, or of one that is no key.
Result<std::string> canonicalKey(std::string_view encoded, const record::Schema& schema);

/// The group of a key by its canonical form.
std::uint32_t groupOfKey(std::string_view canonical, std::uint32_t max_parallelism);

}  // namespace weir::offline
