// How fast a file of a file system is written and read: bench_remote PATH MEBIBYTES CONNECTIONS;
// for file_systems.py.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/resource.h>

#include "common/base/random.h"
#include "common/config/configuration.h"
#include "common/config/file_system_options.h"
#include "common/fs/uri.h"
#include "common/remote/remote_file_systems.h"

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

int fail(const weir::Error& error) {
  std::fprintf(stderr, "bench_remote: %s\n", error.text().c_str());
  return 1;
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "Usage: bench_remote PATH MEBIBYTES CONNECTIONS\n");
    return 2;
  }
  const std::string path = argv[1];
  const std::size_t mebibytes = std::strtoull(argv[2], nullptr, 10);
  weir::config::Configuration configuration;
  (void)configuration.set(weir::config::kTransferParts.key, argv[3], "the bench").has_value();
  (void)configuration.set(weir::config::kS3Endpoint.key, variable("AWS_ENDPOINT_URL"), "the bench")
      .has_value();
  weir::fs::FileSystems files = weir::remote::fileSystems(configuration);
  std::string piece(std::size_t{1} << 20, '\0');
  weir::SeededRandom random(1);
  std::ranges::generate(piece, [&random] { return static_cast<char>(random.next()); });

  const auto writing = Clock::now();
  auto writer = files.create(path);
  if (!writer) {
    return fail(writer.error());
  }
  for (std::size_t i = 0; i < mebibytes; ++i) {
    if (const auto appended = (*writer)->append(piece); !appended) {
      return fail(appended.error());
    }
  }
  if (const auto committed = (*writer)->commit(); !committed) {
    return fail(committed.error());
  }
  const double written = secondsSince(writing);

  const auto reading = Clock::now();
  const auto reader = files.open(path);
  if (!reader) {
    return fail(reader.error());
  }
  for (std::uint64_t at = 0; at < (*reader)->size(); at += piece.size()) {
    const auto read = (*reader)->read(at, piece.size());
    if (!read || *read != piece) {
      return read ? fail({weir::ErrorCode::kCorruption, "other bytes came back"})
                  : fail(read.error());
    }
  }
  const double read = secondsSince(reading);
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto mib = static_cast<double>(mebibytes);
  std::printf("{\"write\": %.1f, \"read\": %.1f, \"memory\": %ld}\n",
              mib / written,
              mib / read,
              usage.ru_maxrss / 1024);
  return 0;
}
