#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/functions/edge.h"

/// Records on their way into the buffers of one edge.
///
/// Every buffer begins with one byte: 1 where each record is followed by its timestamp (int64), 0
/// where none is. Then the records stand one after another as record::write() encodes them.
namespace weir::functions {

inline constexpr std::byte kPlainBuffer{0};
inline constexpr std::byte kTimestampedBuffer{1};

/// The buffers under way to all channels of an edge for records of fixed size, which are copied in.
/// One thread.
class FixedChannels {
 public:
  FixedChannels(EdgeOutput& output, std::size_t record_size);

  /// Room for one more record of the size given, at the end of the channel's buffer.
  std::byte* room(std::uint32_t channel) {
    Cursor& cursor = cursors_[channel];
    if (cursor.next == nullptr || cursor.next + stride_ > cursor.end) [[unlikely]] {
      renew(channel);
    }
    std::byte* at = cursor.next;
    cursor.next += stride_;
    return at;
  }
  /// Whether the records that follow carry a timestamp behind them.
  void setTimestamped(bool timestamped) {
    if (timestamped != timestamped_) [[unlikely]] {
      flush();
      timestamped_ = timestamped;
      stride_ = record_size_ + (timestamped ? sizeof(std::int64_t) : 0);
    }
  }
  void flush();

 private:
  struct Cursor {
    std::byte* next = nullptr;  // Into `buffer`; null: no buffer is taken.
    std::byte* end = nullptr;
    Buffer buffer;
  };
  void renew(std::uint32_t channel);
  void emit(std::uint32_t channel);

  EdgeOutput& output_;  // Owned by the task.
  std::size_t record_size_;
  std::size_t stride_;
  bool timestamped_ = false;
  std::vector<Cursor> cursors_;
};

/// The same for records of any size: serialized first, copied when a buffer is full. One thread.
class VariableChannels {
 public:
  explicit VariableChannels(EdgeOutput& output);

  /// Where the next record of `channel` is serialized to; then comes done().
  Writer& writer(std::uint32_t channel) {
    Writer& writer = pending_[channel].writer;
    if (writer.size() == 0) {
      begin(channel);
    }
    return writer;
  }
  void done(std::uint32_t channel) {
    if (pending_[channel].writer.size() >= pending_[channel].target) [[unlikely]] {
      emit(channel);
    }
  }
  void setTimestamped(bool timestamped) {
    if (timestamped != timestamped_) [[unlikely]] {
      flush();
      timestamped_ = timestamped;
    }
  }
  void flush();

 private:
  struct Pending {
    Writer writer;
    std::size_t target = 0;
  };
  void begin(std::uint32_t channel);
  void emit(std::uint32_t channel);

  EdgeOutput& output_;  // Owned by the task.
  bool timestamped_ = false;
  std::vector<Pending> pending_;
};

}  // namespace weir::functions
