#include "common/snapshot/label_file.h"

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

}  // namespace

Result<std::string> readLabel(fs::FileSystem& files, const std::string& directory) {
  const std::string path = fs::join(directory, kLabel);
  const auto file = files.openNoLink(path);
  if (!file) {
    return file.error().code() == ErrorCode::kNotFound ? Result<std::string>(std::string())
                                                       : file.error();
  }
  WEIR_TRY(const std::string image, fs::readAll(**file, path, kMostLabelFile));
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

Status writeLabel(fs::FileSystem& files, const std::string& directory, const std::string& text) {
  WEIR_RETURN_IF_ERROR(checkText(text));
  Writer to;
  to.putBytes(kLabelMagic.data(), kLabelMagic.size());
  to.put(kLabelVersion);
  to.put(static_cast<std::uint32_t>(text.size()));
  to.putBytes(text.data(), text.size());
  to.put(record::xxh3(to.data(), to.size()));
  WEIR_RETURN_IF_ERROR(removeLabel(files, directory));
  return fs::writeAll(files, fs::join(directory, kLabel), to.view());
}

Status removeLabel(fs::FileSystem& files, const std::string& directory) {
  return files.removeFile(fs::join(directory, kLabel));
}

}  // namespace weir::snapshot
