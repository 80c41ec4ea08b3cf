// Linked with libFuzzer: writes the seeds of a target into a directory instead of fuzzing, when the
// environment asks for it.
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  const char* directory = std::getenv("WEIR_FUZZ_WRITE_SEEDS");
  if (directory == nullptr) {
    return 0;
  }
  const std::vector<std::string> seeds = weir::fuzz::seeds();
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    std::ofstream file(std::string(directory) + "/seed-" + std::to_string(i), std::ios::binary);
    file << seeds[i];
    if (!file.flush()) {
      std::cerr << "fuzz: cannot write to " << directory << std::endl;
      std::exit(1);
    }
  }
  std::exit(0);
}
