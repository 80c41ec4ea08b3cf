#include "common/snapshot/label_file.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/base/bytes.h"
#include "common/base/text.h"
#include "common/fs/uri.h"
#include "common/record/key_codec.h"
#include "common/snapshot/layout.h"

namespace weir::snapshot {
namespace {

constexpr std::string_view kLabelMagic = "WEIRLABL";
constexpr std::uint32_t kLabelVersion = 1;
constexpr std::uint64_t kMostLabelFile = kMostLabelBytes + 8 + 4 + 4 + 8;

Status checkText(const std::string& text) {
  const auto refused = [](const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "a label " + why);
  };
  if (text.empty()) {
    return refused("has at least one letter");
  }
  if (text.size() > kMostLabelBytes) {
    return refused("has at most " + std::to_string(kMostLabelBytes) + " bytes, and this one " +
                   std::to_string(text.size()));
  }
  if (!isUtf8(text) || hasControlCharacter(text)) {
    return refused("is one line of UTF-8");
  }
  return ok();
}

/// Numbers of the label's files, ascending.
Result<std::vector<std::uint64_t>> numbersIn(fs::FileSystem& files, const std::string& directory) {
  std::vector<std::uint64_t> numbers;
  const auto entries = files.list(directory);
  if (!entries) {
    return entries.error().code() == ErrorCode::kNotFound
               ? Result<std::vector<std::uint64_t>>(std::move(numbers))
               : entries.error();
  }
  for (const fs::FileInfo& entry : *entries) {
    if (const auto number = labelNumber(entry.name)) {
      numbers.push_back(*number);
    }
  }
  std::ranges::sort(numbers);
  return numbers;
}

/// The oldest first, so that what was cut short brings none of them back.
Status removeNumbered(fs::FileSystem& files,
                      const std::string& directory,
                      const std::vector<std::uint64_t>& numbers) {
  for (const std::uint64_t number : numbers) {
    WEIR_RETURN_IF_ERROR(fs::removeDurably(files, fs::join(directory, labelName(number))));
  }
  return ok();
}

Result<std::string> readFrom(const fs::FileReader& file, const std::string& path) {
  WEIR_TRY(const std::string image, fs::readAll(file, path, kMostLabelFile));
  Reader from(image);
  const std::string_view magic = from.take(kLabelMagic.size());
  const auto version = from.get<std::uint32_t>();
  const std::string_view text = from.take(from.get<std::uint32_t>());
  const auto covered = static_cast<std::size_t>(from.position() - image.data());
  const auto checksum = from.get<std::uint64_t>();
  if (from.failed() || from.remaining() != 0 || magic != kLabelMagic ||
      record::xxh3(image.data(), covered) != checksum) {
    return Error(ErrorCode::kCorruption, path + " is not as it was written")
        .advise("label it again");
  }
  if (version != kLabelVersion) {
    return Error(ErrorCode::kInvalidArgument,
                 path + " has format " + std::to_string(version) + ", and this release reads " +
                     std::to_string(kLabelVersion));
  }
  return std::string(text);
}

}  // namespace

Result<std::string> readLabel(fs::FileSystem& files, const std::string& directory) {
  constexpr int kTries = 3;  // It may be replaced between a look at the names and the next.
  for (int i = 0; i < kTries; ++i) {
    WEIR_TRY(const auto numbers, numbersIn(files, directory));
    if (numbers.empty()) {
      break;
    }
    const std::string path = fs::join(directory, labelName(numbers.back()));
    const auto file = files.openNoLink(path);
    if (file) {
      return readFrom(**file, path);
    }
    if (file.error().code() != ErrorCode::kNotFound) {
      return file.error();
    }
  }
  return std::string();
}

Status writeLabel(fs::FileSystem& files, const std::string& directory, const std::string& text) {
  WEIR_RETURN_IF_ERROR(checkText(text));
  Writer to;
  to.putBytes(kLabelMagic.data(), kLabelMagic.size());
  to.put(kLabelVersion);
  to.put(static_cast<std::uint32_t>(text.size()));
  to.putBytes(text.data(), text.size());
  to.put(record::xxh3(to.data(), to.size()));
  WEIR_TRY(const auto numbers, numbersIn(files, directory));
  const std::uint64_t next = numbers.empty() ? 0 : numbers.back() + 1;
  WEIR_RETURN_IF_ERROR(fs::writeAll(files, fs::join(directory, labelName(next)), to.view()));
  return removeNumbered(files, directory, numbers).during("remove the label before it");
}

Status removeLabel(fs::FileSystem& files, const std::string& directory) {
  WEIR_TRY(const auto numbers, numbersIn(files, directory));
  return removeNumbered(files, directory, numbers);
}

}  // namespace weir::snapshot
