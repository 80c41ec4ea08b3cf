#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "common/fs/file_system.h"

namespace weir::blob {

/// State on its way to workers, in memory, under its content: each for as long as somebody offers
/// it. Equal bytes are kept once. Threads: any.
class OfferedBlobs {
 public:
  /// Bytes that open() finds until this is destroyed, which is before what made it is.
  class Offer {
   public:
    Offer(OfferedBlobs& blobs, std::string sha256) : blobs_(blobs), sha256_(std::move(sha256)) {}
    ~Offer() { blobs_.withdraw(sha256_); }
    Offer(const Offer&) = delete;
    Offer& operator=(const Offer&) = delete;
    const std::string& sha256() const { return sha256_; }

   private:
    OfferedBlobs& blobs_;
    const std::string sha256_;
  };

  std::unique_ptr<Offer> offer(std::string bytes);
  /// nullptr for what nobody offers. Stays readable when its offers end meanwhile.
  std::unique_ptr<fs::FileReader> open(const std::string& sha256) const;

 private:
  struct Offered {
    std::shared_ptr<const std::string> bytes;  // Shared with readers.
    std::size_t offers = 0;
  };

  void withdraw(const std::string& sha256);

  mutable std::mutex mutex_;
  std::map<std::string, Offered> offered_;  // By SHA-256.
};

}  // namespace weir::blob
