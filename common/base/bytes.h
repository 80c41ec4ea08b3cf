#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace weir {

static_assert(std::endian::native == std::endian::little, "Weir runs on little-endian machines");

/// A growing run of bytes that serializers append to. One thread at a time.
class Writer {
 public:
  Writer() = default;
  Writer(Writer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Writer& operator=(Writer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~Writer() { std::free(data_); }

  const char* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::string_view view() const { return {data_, size_}; }
  std::string str() const { return std::string(data_, size_); }
  /// Forgets the bytes and keeps the memory.
  void clear() { size_ = 0; }
  /// Shortens to the first `size` bytes.
  void truncate(std::size_t size) { size_ = size; }
  /// Room for `more` further bytes without another allocation.
  void reserve(std::size_t more) {
    if (capacity_ - size_ < more) {
      grow(more);
    }
  }
  /// Hands over the memory (for std::free()); the writer is empty afterwards.
  char* release() {
    size_ = capacity_ = 0;
    return std::exchange(data_, nullptr);
  }

  /// Appends the little-endian bytes of a number or enum.
  template <typename T>
  void put(T value) {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    putBytes(&value, sizeof value);
  }
  /// 7 bits a byte, low bits first: one byte up to 127.
  void putVarint(std::uint64_t value) {
    reserve(10);
    while (value >= 0x80) {
      data_[size_++] = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    data_[size_++] = static_cast<char>(value);
  }
  void putBytes(const void* bytes, std::size_t count) {
    reserve(count);
    if (count != 0) {
      std::memcpy(data_ + size_, bytes, count);
    }
    size_ += count;
  }
  /// A varint length, then the bytes.
  void putString(std::string_view text) {
    putVarint(text.size());
    putBytes(text.data(), text.size());
  }
  /// Overwrites what stands at `offset`, such as a length known only afterwards.
  template <typename T>
  void putAt(std::size_t offset, T value) {
    std::memcpy(data_ + offset, &value, sizeof value);
  }

 private:
  void grow(std::size_t more) {
    const std::size_t wanted = size_ + more;
    capacity_ = wanted < 64 ? 64 : (wanted < 2 * capacity_ ? 2 * capacity_ : wanted);
    auto* moved = static_cast<char*>(std::realloc(data_, capacity_));
    if (moved == nullptr) {
      throw std::bad_alloc();
    }
    data_ = moved;
  }

  char* data_ = nullptr;  // Owned, from malloc.
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Reads what a Writer wrote, from memory that outlives the reader. One thread at a time.
///
/// Errors: reading beyond the end (or fail()) makes the reader failed for good; it then yields
/// zeros and empty strings, so that a decoder checks failed() once, at its end.
class Reader {
 public:
  Reader(const char* data, std::size_t size) : next_(data), end_(data + size) {}
  explicit Reader(std::string_view bytes) : Reader(bytes.data(), bytes.size()) {}

  bool failed() const { return failed_; }
  /// To be called by a decoder that meets what no writer has written.
  void fail() {
    failed_ = true;
    next_ = end_;
  }
  std::size_t remaining() const { return static_cast<std::size_t>(end_ - next_); }
  const char* position() const { return next_; }

  template <typename T>
  T get() {
    static_assert(std::is_arithmetic_v<T> || std::is_enum_v<T>);
    T value{};
    getBytes(&value, sizeof value);
    return value;
  }
  std::uint64_t getVarint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && next_ != end_; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*next_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) {
        return value;
      }
    }
    fail();
    return 0;
  }
  /// Copies `count` bytes to `to`; leaves it untouched on underrun.
  void getBytes(void* to, std::size_t count) {
    if (remaining() < count) [[unlikely]] {
      return fail();
    }
    if (count != 0) {
      std::memcpy(to, next_, count);
    }
    next_ += count;
  }
  /// The next `count` bytes in place.
  std::string_view take(std::uint64_t count) {
    if (remaining() < count) [[unlikely]] {
      fail();
      return {};
    }
    const char* first = next_;
    next_ += count;
    return {first, static_cast<std::size_t>(count)};
  }
  /// What putString() wrote, in place.
  std::string_view getString() { return take(getVarint()); }

 private:
  const char* next_;
  const char* end_;
  bool failed_ = false;
};

}  // namespace weir
