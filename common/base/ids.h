#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir {

class Random;

/// Sixteen bytes, printed as 32 lower-case hex digits in order.
using Bytes16 = std::array<std::uint8_t, 16>;

/// Lower-case hex of any bytes.
std::string toHex(std::string_view bytes);

namespace base_internal {
std::string hexOf(const Bytes16& bytes);
Result<Bytes16> parseHex16(std::string_view text);
Bytes16 randomBytes16(Random& random);
}  // namespace base_internal

/// A 16-byte identity that cannot be confused with that of another kind of thing.
template <typename Tag>
class Id128 {
 public:
  constexpr Id128() = default;
  constexpr explicit Id128(Bytes16 bytes) : bytes_(bytes) {}

  static Id128 random(Random& random) { return Id128(base_internal::randomBytes16(random)); }
  /// From 32 hex digits, upper or lower case.
  static Result<Id128> parse(std::string_view hex) {
    WEIR_TRY(auto bytes, base_internal::parseHex16(hex));
    return Id128(bytes);
  }
  /// From the 16 bytes as they stand in a message.
  static Result<Id128> fromBytes(std::string_view bytes) {
    if (bytes.size() != 16) {
      return Error(ErrorCode::kInvalidArgument,
                   "an id has 16 bytes, not " + std::to_string(bytes.size()));
    }
    Bytes16 array;
    std::memcpy(array.data(), bytes.data(), 16);
    return Id128(array);
  }

  const Bytes16& bytes() const { return bytes_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), 16}; }
  std::string hex() const { return base_internal::hexOf(bytes_); }

  auto operator<=>(const Id128&) const = default;

 private:
  Bytes16 bytes_{};
};

/// A counted identity: cheap, ordered, and not an integer by accident.
template <typename Tag>
class NumberId {
 public:
  constexpr NumberId() = default;
  constexpr explicit NumberId(std::uint64_t value) : value_(value) {}
  constexpr std::uint64_t value() const { return value_; }
  constexpr NumberId next() const { return NumberId(value_ + 1); }
  auto operator<=>(const NumberId&) const = default;

 private:
  std::uint64_t value_ = 0;
};

using JobId = Id128<struct JobTag>;
/// Identity of an operator; a vertex (chain) is named by the id of its head.
using OperatorId = Id128<struct OperatorTag>;
using TaskManagerId = Id128<struct TaskManagerTag>;
/// Names one request of a client, so that a repeated request is recognised.
using OperationId = Id128<struct OperationTag>;
/// Checkpoints and savepoints of one job share one ascending sequence, starting at 1.
using CheckpointId = NumberId<struct CheckpointTag>;
/// Deployments of one job, counted from 1; every restart of the job is a new attempt.
using AttemptId = NumberId<struct AttemptTag>;
/// Terms of leadership of the job manager, counted from 1.
using LeaderEpoch = NumberId<struct EpochTag>;

}  // namespace weir

template <typename Tag>
struct std::hash<weir::Id128<Tag>> {
  std::size_t operator()(const weir::Id128<Tag>& id) const noexcept {
    std::uint64_t first = 0;
    std::memcpy(&first, id.bytes().data(), sizeof first);
    return first;
  }
};
template <typename Tag>
struct std::hash<weir::NumberId<Tag>> {
  std::size_t operator()(const weir::NumberId<Tag>& id) const noexcept { return id.value(); }
};
