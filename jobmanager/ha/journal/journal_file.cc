#include "jobmanager/ha/journal/journal_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <xxhash.h>

namespace weir::ha {
namespace {

constexpr std::string_view kMagic = "WEIRJRNL";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHeaderSize =
    8 + 4 + 8 + 8 + 8;                  // Magic, version, epoch, snapshot, checksum.
constexpr std::size_t kPrefix = 4 + 4;  // Length, and its checksum.
constexpr std::size_t kSuffix = 8;      // Checksum of the record.
constexpr std::size_t kPiece = std::size_t{4} << 20;

void putNumber(std::string& to, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    to.push_back(static_cast<char>(value >> (8 * i)));
  }
}

std::uint64_t numberAt(std::string_view from, std::uint64_t at, int bytes) {
  std::uint64_t value = 0;
  for (int i = bytes - 1; i >= 0; --i) {
    value = value << 8 | static_cast<std::uint8_t>(from[at + static_cast<std::size_t>(i)]);
  }
  return value;
}

std::uint64_t checksumOf(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

/// The offset counts, so that a record at another place is none.
std::uint32_t lengthChecksum(std::uint64_t offset, std::uint64_t length) {
  std::string bytes;
  putNumber(bytes, offset, 8);
  putNumber(bytes, length, 4);
  return static_cast<std::uint32_t>(checksumOf(bytes));
}

std::uint64_t recordChecksum(std::uint64_t offset, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), offset);
}

Error damaged(const std::string& path, std::uint64_t at, const std::string& why) {
  return Error(ErrorCode::kCorruption,
               "journal " + path + " is damaged at byte " + std::to_string(at) + ": " + why)
      .advise(
          "put an intact copy of the file back, or name another recovery.filesystem.dir and start "
          "the jobs from their last checkpoints (weir run -s PATH PROGRAM)");
}

Status checkHeader(std::string_view image, const std::string& path) {
  if (image.substr(0, kMagic.size()) != kMagic.substr(0, image.size())) {
    return Error(ErrorCode::kInvalidArgument, path + " is no journal of a job manager")
        .advise("name a directory of its own with recovery.filesystem.dir");
  }
  if (image.size() < kHeaderSize) {
    return damaged(path, image.size(), "it ends in its header");
  }
  if (numberAt(image, kHeaderSize - 8, 8) != checksumOf(image.substr(0, kHeaderSize - 8))) {
    return damaged(path, 0, "the checksum of its header does not match");
  }
  if (const std::uint64_t version = numberAt(image, 8, 4); version != kVersion) {
    return Error(ErrorCode::kInvalidArgument,
                 "journal " + path + " has version " + std::to_string(version) +
                     " of its format, and this release reads " + std::to_string(kVersion))
        .advise("run the job manager of the release that wrote it");
  }
  return ok();
}

bool allZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == 0; });
}

/// The payload of the record at `at`; none for one that is not finished.
Result<std::optional<std::string_view>> recordAt(std::string_view image,
                                                 std::uint64_t at,
                                                 const std::string& path) {
  const std::string_view rest = image.substr(at);
  if (rest.size() < kPrefix || allZero(rest)) {
    return std::optional<std::string_view>();
  }
  const std::uint64_t length = numberAt(rest, 0, 4);
  if (numberAt(rest, 4, 4) != lengthChecksum(at, length)) {
    return damaged(path, at, "the checksum of a record's length does not match");
  }
  if (rest.size() < kPrefix + length + kSuffix) {
    return std::optional<std::string_view>();
  }
  const std::string_view payload = rest.substr(kPrefix, length);
  if (numberAt(rest, kPrefix + length, 8) != recordChecksum(at, payload)) {
    return damaged(path, at, "the checksum of a record does not match");
  }
  return std::optional(payload);
}

}  // namespace

std::string journalHeader(LeaderEpoch epoch, std::uint64_t snapshot_bytes) {
  std::string header(kMagic);
  putNumber(header, kVersion, 4);
  putNumber(header, epoch.value(), 8);
  putNumber(header, snapshot_bytes, 8);
  putNumber(header, checksumOf(header), 8);
  return header;
}

std::uint64_t journalHeaderBytes() { return kHeaderSize; }

void appendRecord(std::string& to, std::uint64_t offset, std::string_view payload) {
  putNumber(to, payload.size(), 4);
  putNumber(to, lengthChecksum(offset, payload.size()), 4);
  to += payload;
  putNumber(to, recordChecksum(offset, payload), 8);
}

std::uint64_t recordBytes(std::string_view payload) { return kPrefix + payload.size() + kSuffix; }

Result<JournalContents> parseJournal(std::string_view image, const std::string& path) {
  WEIR_RETURN_IF_ERROR(checkHeader(image, path));
  JournalContents contents;
  contents.epoch = LeaderEpoch(numberAt(image, 12, 8));
  const std::uint64_t snapshot = numberAt(image, 20, 8);
  contents.end = kHeaderSize;
  while (contents.end < image.size()) {
    WEIR_TRY(const auto payload, recordAt(image, contents.end, path));
    if (!payload) {
      break;
    }
    contents.records.push_back(*payload);
    contents.end += recordBytes(*payload);
  }
  if (contents.end < kHeaderSize + snapshot) {  // These were whole before the file got its name.
    return damaged(path, contents.end, "it ends in the records that it began with");
  }
  return contents;
}

Result<std::string> readPieces(const fs::FileReader& file,
                               const std::string& path,
                               std::uint64_t most,
                               const std::function<void()>& goes_on) {
  if (file.size() > most) {
    return fs::readAll(file, path, most);  // The error.
  }
  std::string bytes;
  while (bytes.size() < file.size()) {
    WEIR_TRY(const std::string piece,
             file.read(bytes.size(), std::min<std::uint64_t>(kPiece, file.size() - bytes.size())));
    bytes += piece;
    goes_on();
  }
  return bytes;
}

Status writePieces(Disk& disk,
                   int file,
                   std::uint64_t offset,
                   std::string_view bytes,
                   const std::string& path,
                   const std::function<void()>& goes_on) {
  for (std::size_t at = 0; at < bytes.size(); at += kPiece) {
    WEIR_RETURN_IF_ERROR(disk.write(file, offset + at, bytes.substr(at, kPiece), path));
    goes_on();
  }
  return ok();
}

}  // namespace weir::ha
