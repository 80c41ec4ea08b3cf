#include "jobmanager/ha/zookeeper/node_format.h"

#include <xxhash.h>

#include "common/base/bytes.h"

namespace weir::ha {
namespace {

constexpr std::string_view kTermMagic = "WEIRTERM";
constexpr std::string_view kRecordMagic = "WEIRHREC";
constexpr std::string_view kFileMagic = "WEIRHFIL";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHead = 9;  // Magic and version.
constexpr std::size_t kChecksum = 8;

Writer begin(std::string_view magic) {
  Writer writer;
  writer.putBytes(magic.data(), magic.size());
  writer.put(kVersion);
  return writer;
}

std::string sealed(Writer& writer) {
  writer.put(checksumOf(writer.view()));
  return writer.str();
}

/// What stands between head and checksum.
Result<std::string_view> body(std::string_view bytes, std::string_view magic, const char* what) {
  if (!bytes.starts_with(magic) || bytes.size() < kHead + kChecksum) {
    return Error(ErrorCode::kCorruption,
                 std::string("what stands there is no ") + what + " of Weir");
  }
  if (const auto version = static_cast<std::uint8_t>(bytes[magic.size()]); version != kVersion) {
    return Error(ErrorCode::kInvalidArgument,
                 std::string("the ") + what + " has the form " + std::to_string(version) +
                     ", and this release knows " + std::to_string(kVersion))
        .advise("run the job manager of the release that wrote it");
  }
  const std::string_view covered = bytes.substr(0, bytes.size() - kChecksum);
  Reader checksum(bytes.substr(covered.size()));
  if (checksum.get<std::uint64_t>() != checksumOf(covered)) {
    return Error(ErrorCode::kCorruption, std::string("the ") + what + " contradicts its checksum");
  }
  return covered.substr(kHead);
}

Error incomplete(const char* what) {
  return {ErrorCode::kCorruption, std::string("the ") + what + " is not complete"};
}

}  // namespace

std::uint64_t checksumOf(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string encodeTerm(const TermNode& term) {
  Writer writer = begin(kTermMagic);
  writer.put(term.epoch.value());
  writer.put(term.writes);
  writer.putString(term.token);
  writer.putString(term.holder);
  return sealed(writer);
}

Result<TermNode> decodeTerm(std::string_view bytes) {
  WEIR_TRY(const std::string_view fields, body(bytes, kTermMagic, "term"));
  Reader reader(fields);
  TermNode term;
  term.epoch = LeaderEpoch(reader.get<std::uint64_t>());
  term.writes = reader.get<std::uint64_t>();
  term.token = reader.getString();
  term.holder = reader.getString();
  if (reader.failed() || reader.remaining() != 0) {
    return incomplete("term");
  }
  return term;
}

std::string encodeRecordNode(const RecordNode& node) {
  Writer writer = begin(kRecordMagic);
  writer.putString(node.record);
  writer.putString(node.file);
  writer.put(node.size);
  writer.put(node.checksum);
  return sealed(writer);
}

Result<RecordNode> decodeRecordNode(std::string_view bytes) {
  WEIR_TRY(const std::string_view fields, body(bytes, kRecordMagic, "record"));
  Reader reader(fields);
  RecordNode node;
  node.record = reader.getString();
  node.file = reader.getString();
  node.size = reader.get<std::uint64_t>();
  node.checksum = reader.get<std::uint64_t>();
  if (reader.failed() || reader.remaining() != 0) {
    return incomplete("record");
  }
  return node;
}

std::string encodeRecordFile(std::string_view root, std::string_view record) {
  Writer writer = begin(kFileMagic);
  writer.putString(root);
  writer.putString(record);
  return sealed(writer);
}

Result<RecordFile> decodeRecordFile(std::string_view bytes) {
  WEIR_TRY(const std::string_view fields, body(bytes, kFileMagic, "file of a record"));
  Reader reader(fields);
  RecordFile file;
  file.root = reader.getString();
  file.record = reader.getString();
  if (reader.failed() || reader.remaining() != 0) {
    return incomplete("file of a record");
  }
  return file;
}

std::string_view rootOfRecordFile(std::string_view beginning) {
  if (!beginning.starts_with(kFileMagic) || beginning.size() < kHead) {
    return {};
  }
  Reader reader(beginning.substr(kHead));
  const std::string_view root = reader.getString();
  return reader.failed() ? std::string_view() : root;
}

}  // namespace weir::ha
