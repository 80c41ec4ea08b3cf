#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

/// What every fuzz target defines, for libFuzzer and for the driver of the short form alike.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace weir::fuzz {

/// Valid images that mutations start from; each target defines its own.
std::vector<std::string> seeds();

/// The files of the golden snapshots, of every released format: `metadata`, or those of state.
inline std::vector<std::string> golden(bool metadata) {
  std::vector<std::string> images;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(WEIR_GOLDEN)) {
    const std::string name = entry.path().filename();
    if (entry.is_regular_file() && entry.path().extension().empty() &&
        (name == "metadata") == metadata) {
      std::ifstream file(entry.path(), std::ios::binary);
      images.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  std::sort(images.begin(), images.end());  // Directories are listed in any order.
  return images;
}

/// Ends the process when something that holds for every input does not hold for this one.
inline void check(bool holds, std::string_view what) {
  if (!holds) {
    std::cerr << "fuzz: does not hold: " << what << std::endl;
    std::abort();
  }
}

inline std::string_view view(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// What `decode` makes of `bytes` survives being encoded and decoded again.
template <typename Decode, typename Encode>
void checkRoundTrip(std::string_view bytes, Decode decode, Encode encode) {
  const auto value = decode(bytes);
  if (!value.has_value()) {
    check(!value.error().text().empty(), "an error says why");
    return;
  }
  const std::string once = encode(*value);
  const auto again = decode(std::string_view(once));
  check(again.has_value(), "what was encoded can be decoded");
  check(encode(*again) == once, "encoding is stable");
}

}  // namespace weir::fuzz
