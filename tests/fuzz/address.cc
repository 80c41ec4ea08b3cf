#include "common/rpc/channel.h"
#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {

std::vector<std::string> seeds() { return {"localhost:6123", "[::1]:8081", "10.0.0.1:65535"}; }

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const auto address = rpc::parseAddress(fuzz::view(data, size));
  if (address.has_value()) {
    fuzz::check(!address->host.empty() && address->port >= 1 && address->port <= 65535,
                "an address has a host and a port");
    const auto again = rpc::parseAddress(address->text());
    fuzz::check(again.has_value() && again->host == address->host && again->port == address->port,
                "an address reads as it is written");
  }
  return 0;
}
