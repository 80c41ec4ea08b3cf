#include "common/base/executable.h"

#include <fstream>

#include <gtest/gtest.h>

namespace weir {
namespace {

using Kind = ExecutableHeader::Kind;

std::string firstBytesOf(const std::string& path) {
  std::string bytes(ExecutableHeader::kBytes, '\0');
  std::ifstream(path, std::ios::binary).read(bytes.data(), static_cast<long>(bytes.size()));
  return bytes;
}

TEST(ExecutableHeaderTest, KnowsThisProgramAndItsMachine) {
  const auto own = ExecutableHeader::of(firstBytesOf("/proc/self/exe"));
  EXPECT_EQ(own.kind, Kind::kElf);
  EXPECT_NE(own.machine, 0);
}

TEST(ExecutableHeaderTest, NamesMachinesThatItKnowsAndNumbersOthers) {
  EXPECT_EQ((ExecutableHeader{Kind::kElf, 62}).machineName(), "x86-64");
  EXPECT_EQ((ExecutableHeader{Kind::kElf, 183}).machineName(), "AArch64");
  EXPECT_EQ((ExecutableHeader{Kind::kElf, 4242}).machineName(), "machine type 4242");
}

TEST(ExecutableHeaderTest, TellsScriptsFromProgramsAndFromWhatIsNeither) {
  EXPECT_EQ(ExecutableHeader::of("#!/bin/sh\n").kind, Kind::kScript);
  EXPECT_EQ(ExecutableHeader::of("").kind, Kind::kNone);
  EXPECT_EQ(ExecutableHeader::of("#").kind, Kind::kNone);
  EXPECT_EQ(ExecutableHeader::of("\x7f"
                                 "ELF, said a text")
                .kind,
            Kind::kNone);
}

}  // namespace
}  // namespace weir
