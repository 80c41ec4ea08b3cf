#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "common/functions/edge.h"
#include "common/functions/edge_channel.h"
#include "common/record/batch.h"
#include "common/record/codecs.h"
#include "common/record/serializer.h"

namespace weir::functions {

[[noreturn]] void throwDamagedBuffer();

/// Reads what a TypedEdgeWriter<T> has written.
template <typename T>
class TypedEdgeReader final : public EdgeReader {
 public:
  explicit TypedEdgeReader(AnyReceiver& target) : target_(static_cast<Receiver<T>&>(target)) {}

  void begin() override { at_header_ = true; }
  void receive(const Signal& signal) override { target_.receive(signal); }
  std::uint64_t records() const override { return records_; }
  record::Schema schema() const override { return record::schemaOf<T>(); }

  std::size_t read(std::span<const std::byte> bytes, std::size_t limit) override {
    std::size_t header = 0;
    if (at_header_) {
      if (bytes.empty() || (bytes[0] != kPlainBuffer && bytes[0] != kTimestampedBuffer)) {
        throwDamagedBuffer();
      }
      timestamped_ = bytes[0] == kTimestampedBuffer;
      at_header_ = false;
      header = 1;
    }
    const std::span<const std::byte> records = bytes.subspan(header);
    const std::size_t used = kRun ? readRun(records, limit) : readEach(records, limit);
    if (!batch_.empty()) {
      records_ += batch_.size();
      target_.receive(batch_);
      batch_.clear();
    }
    return header + used;
  }

 private:
  // std::vector<T>'s memory can be filled with one copy.
  static constexpr bool kRun = record::isMemcpy<T> && !std::is_same_v<T, bool>;

  std::size_t readRun(std::span<const std::byte> bytes, std::size_t limit) {
    const std::size_t stride = sizeof(T) + (timestamped_ ? sizeof(std::int64_t) : 0);
    const std::size_t count = std::min(limit, bytes.size() / stride);
    if (count == 0 && !bytes.empty() && limit != 0) {
      throwDamagedBuffer();
    }
    batch_.records.resize(count);
    if constexpr (kRun) {
      if (!timestamped_ && count != 0) {
        std::memcpy(static_cast<void*>(batch_.records.data()), bytes.data(), count * sizeof(T));
        return count * stride;
      }
      batch_.timestamps.resize(count);
      for (std::size_t i = 0; i < count; ++i) {
        const std::byte* at = bytes.data() + i * stride;
        std::memcpy(static_cast<void*>(&batch_.records[i]), at, sizeof(T));
        std::memcpy(&batch_.timestamps[i], at + sizeof(T), sizeof(std::int64_t));
      }
    }
    return count * stride;
  }

  std::size_t readEach(std::span<const std::byte> bytes, std::size_t limit) {
    Reader reader(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    for (std::size_t i = 0; i < limit && reader.remaining() != 0; ++i) {
      const std::size_t before = reader.remaining();
      batch_.records.push_back(record::read<T>(reader));
      if (reader.remaining() == before) [[unlikely]] {
        reader.get<std::uint8_t>();  // Stands for a record without contents.
      }
      if (timestamped_) {
        batch_.timestamps.push_back(reader.get<std::int64_t>());
      }
    }
    if (reader.failed()) {
      batch_.clear();
      throwDamagedBuffer();
    }
    return bytes.size() - reader.remaining();
  }

  Receiver<T>& target_;  // Owned by the task.
  Batch<T> batch_;       // Empty between calls; keeps its memory.
  bool at_header_ = true;
  bool timestamped_ = false;
  std::uint64_t records_ = 0;
};

template <typename T>
EdgeReaderFactory edgeReaderFactory() {
  return [](AnyReceiver& target) -> std::unique_ptr<EdgeReader> {
    return std::make_unique<TypedEdgeReader<T>>(target);
  };
}

}  // namespace weir::functions
