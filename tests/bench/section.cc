// How long a keyed state takes to become a section and to be restored from it, in memory:
// nanoseconds per entry and bytes per second of one thread's processor time, for the code in front
// of the disk.
#include "common/state/section.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "common/state/keyed_backend_of.h"
#include "common/state/keyed_state.h"

namespace weir::state {
namespace {

/// Keeps the bytes, in memory that was touched before.
class Kept final : public ByteSink, public ByteSource {
 public:
  explicit Kept(std::size_t size) : bytes_(size, '\0') {}
  Status append(std::string_view bytes) override {
    if (size_ + bytes.size() > bytes_.size()) {
      bytes_.resize(size_ + bytes.size() + bytes_.size());
    }
    bytes.copy(bytes_.data() + size_, bytes.size());
    size_ += bytes.size();
    return ok();
  }
  std::uint64_t size() const override { return size_; }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    return bytes_.substr(offset, length);
  }
  void clear() { size_ = 0; }

 private:
  std::string bytes_;
  std::size_t size_ = 0;
};

/// Processor time of this thread.
double seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <typename Descriptor, typename Fill>
void measure(const char* what, const Descriptor& descriptor, std::int64_t keys, Fill fill) {
  constexpr std::uint32_t kMax = 4096;
  KeyedBackendOf<std::int64_t> backend(kMax);
  auto* column = *backend.column(descriptor);
  for (std::int64_t key = 0; key < keys; ++key) {
    fill(column->edit(backend.slotOf(key * 7919)), key);
  }
  backend.endBatch();
  Kept file(std::size_t{64} << 20);
  double write = 1e9;
  double restore = 1e9;
  for (int round = 0; round < 7; ++round) {
    file.clear();
    const auto frozen = backend.freeze();
    const double start = seconds();
    SectionWriter writer(file);
    if (!frozen->write(writer).has_value() || !writer.finish().has_value()) {
      std::abort();
    }
    write = std::min(write, seconds() - start);
    KeyedBackendOf<std::int64_t> again(kMax);
    (void)again.column(descriptor).has_value();
    const double begin = seconds();
    const auto reader = SectionReader::open(file);
    if (!reader.has_value() || !again.restore(**reader, {0, kMax - 1}).has_value()) {
      std::abort();
    }
    restore = std::min(restore, seconds() - begin);
  }
  const double bytes = static_cast<double>(file.size());
  const auto count = static_cast<double>(keys);
  std::printf(
      "%-22s %9lld keys %7.1f MB   write %6.1f ns/entry %6.2f GB/s   restore %6.1f ns/entry %6.2f "
      "GB/s\n",
      what,
      static_cast<long long>(keys),
      bytes / 1e6,
      write / count * 1e9,
      bytes / write / 1e9,
      restore / count * 1e9,
      bytes / restore / 1e9);
}

}  // namespace
}  // namespace weir::state

int main() {
  using weir::MapStateDescriptor;
  using weir::ValueStateDescriptor;
  using weir::state::measure;
  measure("i64 -> i64",
          ValueStateDescriptor<std::int64_t>("count"),
          2'000'000,
          [](std::int64_t& cell, std::int64_t key) { cell = key; });
  measure("i64 -> string of 100",
          ValueStateDescriptor<std::string>("text"),
          1'000'000,
          [](std::string& cell, std::int64_t key) { cell.assign(100, static_cast<char>(key)); });
  measure("i64 -> array of 100",
          ValueStateDescriptor<std::array<std::uint8_t, 100>>("bytes"),
          1'000'000,
          [](auto& cell, std::int64_t key) { cell.fill(static_cast<std::uint8_t>(key)); });
  measure("i64 -> string of 1000",
          ValueStateDescriptor<std::string>("text"),
          200'000,
          [](std::string& cell, std::int64_t key) { cell.assign(1000, static_cast<char>(key)); });
  measure("i64 -> map of 10",
          MapStateDescriptor<std::int64_t, std::int64_t>("map"),
          100'000,
          [](auto& cell, std::int64_t key) {
            for (std::int64_t i = 0; i < 10; ++i) {
              cell[key + i * 31] = i;
            }
          });
}
