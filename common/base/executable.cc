#include "common/base/executable.h"

#include <cstring>

#include <elf.h>

namespace weir {

static_assert(sizeof(Elf64_Ehdr) == ExecutableHeader::kBytes);

ExecutableHeader ExecutableHeader::of(std::string_view first_bytes) {
  ExecutableHeader header;
  if (first_bytes.starts_with("#!")) {
    header.kind = Kind::kScript;
  } else if (first_bytes.size() >= kBytes && first_bytes.starts_with(ELFMAG)) {
    header.kind = Kind::kElf;
    std::memcpy(&header.machine,
                first_bytes.data() + offsetof(Elf64_Ehdr, e_machine),
                sizeof header.machine);
  }
  return header;
}

std::string ExecutableHeader::machineName() const {
  switch (machine) {
    case EM_X86_64:
      return "x86-64";
    case EM_AARCH64:
      return "AArch64";
    case EM_386:
      return "32-bit x86";
    case EM_ARM:
      return "32-bit ARM";
    case EM_RISCV:
      return "RISC-V";
    default:
      return "machine type " + std::to_string(machine);
  }
}

}  // namespace weir
