#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

/// What the first bytes of a file say about executing it.
///
/// Pure; any thread. `weir run` takes compiled programs only, as it must obtain their graph; a task
/// manager takes all that Linux executes, scripts too, as what it is told to start may be a
/// wrapper.
struct ExecutableHeader {
  /// As many bytes as are looked at: an ELF header of 64 bits.
  static constexpr std::size_t kBytes = 64;
  enum class Kind : std::uint8_t { kNone, kScript, kElf };

  Kind kind = Kind::kNone;
  std::uint16_t machine = 0;  ///< Of an ELF file: e_machine.

  /// `first_bytes` are the first kBytes of the file, or all that it has.
  static ExecutableHeader of(std::string_view first_bytes);

  /// "x86-64", "AArch64", ... or "machine type N".
  std::string machineName() const;
};

}  // namespace weir
