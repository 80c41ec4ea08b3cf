#include "taskmanager/worker/network/hello.h"

#include <algorithm>
#include <cstring>

namespace weir::worker {

std::array<char, DataHello::kSize> DataHello::encode() const {
  std::array<char, kSize> bytes{};
  const std::uint32_t magic = kMagic;
  const std::uint32_t version = kVersion;
  const std::uint64_t number = attempt.value();
  std::memcpy(bytes.data(), &magic, 4);
  std::memcpy(bytes.data() + 4, &version, 4);
  std::memcpy(bytes.data() + 8, job.bytes().data(), 16);
  std::memcpy(bytes.data() + 24, &number, 8);
  std::memcpy(bytes.data() + 32, token.data(), 16);
  std::memcpy(bytes.data() + 48, &from_worker, 4);
  std::memcpy(bytes.data() + 52, &to_worker, 4);
  return bytes;
}

Result<DataHello> DataHello::decode(std::string_view bytes) {
  std::uint32_t magic = 0;
  std::uint32_t version = 0;
  std::uint64_t number = 0;
  if (bytes.size() == kSize) {
    std::memcpy(&magic, bytes.data(), 4);
    std::memcpy(&version, bytes.data() + 4, 4);
  }
  if (magic != kMagic) {
    return Error(ErrorCode::kInvalidArgument, "what connected to the data port is not a worker");
  }
  if (version != kVersion) {
    return Error(ErrorCode::kFailedPrecondition,
                 "the connecting worker speaks version " + std::to_string(version) +
                     " of the data protocol, this one " + std::to_string(kVersion));
  }
  DataHello hello;
  Bytes16 job{};
  std::memcpy(job.data(), bytes.data() + 8, 16);
  hello.job = JobId(job);
  std::memcpy(&number, bytes.data() + 24, 8);
  hello.attempt = AttemptId(number);
  std::memcpy(hello.token.data(), bytes.data() + 32, 16);
  std::memcpy(&hello.from_worker, bytes.data() + 48, 4);
  std::memcpy(&hello.to_worker, bytes.data() + 52, 4);
  return hello;
}

Bytes16 helloToken(std::string_view token) {
  Bytes16 bytes{};
  std::memcpy(bytes.data(), token.data(), std::min(token.size(), bytes.size()));
  return bytes;
}

}  // namespace weir::worker
