#pragma once

#include <cstdint>
#include <memory>
#include <mutex>

namespace weir::http {

/// Memory that all files of a file system share, for those whose parts gain by being larger than
/// every file's own memory allows. Threads: any.
class Allowance {
 public:
  explicit Allowance(std::uint64_t bytes) : left_(bytes) {}

  /// False, and nothing is taken, where others have it.
  bool take(std::uint64_t bytes);
  void giveBack(std::uint64_t bytes);

 private:
  std::mutex mutex_;
  std::uint64_t left_;
};

/// The memory that one file holds: its own, and beyond that what it could take of the allowance.
/// Whoever guards it calls it from one thread at a time.
class Holding {
 public:
  /// Shared with the file system, which a transfer that hangs may outlive.
  explicit Holding(std::shared_ptr<Allowance> allowance) : allowance_(std::move(allowance)) {}
  ~Holding();
  Holding(const Holding&) = delete;
  Holding& operator=(const Holding&) = delete;

  /// Holds so many bytes more where they are in `own`, all that needs no leave, or the allowance
  /// has the rest; else nothing, and false.
  bool add(std::uint64_t bytes, std::uint64_t own);
  /// The same of what nobody can do without.
  void addAnyway(std::uint64_t bytes) { held_ += bytes; }
  void remove(std::uint64_t bytes);

 private:
  const std::shared_ptr<Allowance> allowance_;
  std::uint64_t held_ = 0;
  std::uint64_t taken_ = 0;  // Of the allowance.
};

}  // namespace weir::http
