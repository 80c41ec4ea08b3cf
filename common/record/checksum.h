#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace weir::record {

/// XXH3-64 (seed 0) of bytes that come in pieces. One thread.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(std::string_view bytes);
  /// Of everything added so far.
  std::uint64_t value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weir::record
