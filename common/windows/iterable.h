#pragma once

#include <cstddef>
#include <iterator>
#include <vector>

namespace weir {

/// The elements of a window, in the order they came. A view: valid during the call that got it.
template <typename T>
class Iterable {
 public:
  class Iterator {
   public:
    using iterator_category = std::random_access_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    Iterator() = default;
    Iterator(const std::byte* at, std::size_t stride) : at_(at), stride_(stride) {}
    reference operator*() const { return *element(at_); }
    pointer operator->() const { return element(at_); }
    reference operator[](difference_type n) const { return *(*this + n); }
    Iterator& operator++() { return *this += 1; }
    Iterator operator++(int) {
      Iterator before = *this;
      *this += 1;
      return before;
    }
    Iterator& operator--() { return *this -= 1; }
    Iterator operator--(int) {
      Iterator before = *this;
      *this -= 1;
      return before;
    }
    Iterator& operator+=(difference_type n) {
      at_ += n * static_cast<difference_type>(stride_);
      return *this;
    }
    Iterator& operator-=(difference_type n) { return *this += -n; }
    friend Iterator operator+(Iterator it, difference_type n) { return it += n; }
    friend Iterator operator+(difference_type n, Iterator it) { return it += n; }
    friend Iterator operator-(Iterator it, difference_type n) { return it -= n; }
    friend difference_type operator-(const Iterator& a, const Iterator& b) {
      return (a.at_ - b.at_) / static_cast<difference_type>(a.stride_);
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }
    friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.at_ <=> b.at_; }

   private:
    static const T* element(const std::byte* at) { return reinterpret_cast<const T*>(at); }

    const std::byte* at_ = nullptr;
    std::size_t stride_ = sizeof(T);
  };
  using iterator = Iterator;
  using const_iterator = Iterator;
  using value_type = T;

  /// `count` elements, each `stride` bytes behind the one before.
  explicit Iterable(const T* first, std::size_t count = 1, std::size_t stride = sizeof(T))
      : first_(reinterpret_cast<const std::byte*>(first)), count_(count), stride_(stride) {}
  explicit Iterable(const std::vector<T>& elements)
    requires(!std::is_same_v<T, bool>)
      : Iterable(elements.data(), elements.size()) {}

  Iterator begin() const { return {first_, stride_}; }
  Iterator end() const { return {first_ + count_ * stride_, stride_}; }
  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  const T& operator[](std::size_t at) const { return begin()[static_cast<std::ptrdiff_t>(at)]; }
  const T& front() const { return (*this)[0]; }
  const T& back() const { return (*this)[count_ - 1]; }

 private:
  const std::byte* first_;  // Owned by the window.
  std::size_t count_;
  std::size_t stride_;
};

}  // namespace weir
