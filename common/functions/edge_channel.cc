#include "common/functions/edge_channel.h"

#include <algorithm>

namespace weir::functions {

FixedChannels::FixedChannels(EdgeOutput& output, std::size_t record_size)
    : output_(output),
      record_size_(record_size),
      stride_(record_size),
      cursors_(output.channels()) {}

void FixedChannels::renew(std::uint32_t channel) {
  emit(channel);
  const std::size_t size = std::max(output_.targetBytes(channel), 1 + stride_);
  Cursor& cursor = cursors_[channel];
  cursor.buffer = output_.take(size);
  cursor.next = cursor.buffer.data();
  cursor.end = cursor.next + std::min(size, cursor.buffer.capacity());
  *cursor.next++ = timestamped_ ? kTimestampedBuffer : kPlainBuffer;
}

void FixedChannels::emit(std::uint32_t channel) {
  Cursor& cursor = cursors_[channel];
  if (cursor.next == nullptr) {
    return;
  }
  cursor.buffer.resize(static_cast<std::size_t>(cursor.next - cursor.buffer.data()));
  cursor.next = nullptr;
  output_.emit(channel, std::move(cursor.buffer));
}

void FixedChannels::flush() {
  for (std::uint32_t channel = 0; channel < cursors_.size(); ++channel) {
    emit(channel);
  }
}

VariableChannels::VariableChannels(EdgeOutput& output)
    : output_(output), pending_(output.channels()) {}

void VariableChannels::begin(std::uint32_t channel) {
  Pending& pending = pending_[channel];
  pending.target = output_.targetBytes(channel);
  pending.writer.put(timestamped_ ? kTimestampedBuffer : kPlainBuffer);
}

void VariableChannels::emit(std::uint32_t channel) {
  Pending& pending = pending_[channel];
  if (pending.writer.size() == 0) {
    return;
  }
  // A serializer that threw has left half a record behind; its task fails and sends nothing more.
  Buffer buffer = output_.take(pending.writer.size());
  std::memcpy(buffer.data(), pending.writer.data(), pending.writer.size());
  buffer.resize(pending.writer.size());
  pending.writer.clear();
  output_.emit(channel, std::move(buffer));
}

void VariableChannels::flush() {
  for (std::uint32_t channel = 0; channel < pending_.size(); ++channel) {
    emit(channel);
  }
}

}  // namespace weir::functions
