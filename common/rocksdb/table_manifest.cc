#include "common/rocksdb/table_manifest.h"

#include <string_view>
#include <utility>

#include "common/base/bytes.h"
#include "common/fs/plain_name.h"
#include "common/record/key_hash.h"

namespace weir::rocks {

namespace {

constexpr std::string_view kMagic = "WEIRSST\x01";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kHead = 8 + 4 + 8 + 8;  // Magic, version, size and checksum of the body.

Error corrupt(const state::ByteSource& section, const std::string& what) {
  const std::string name = section.name();
  return Error(ErrorCode::kCorruption,
               (name.empty() ? std::string() : name + ": ") + "the manifest of tables " + what);
}

Result<TableManifest> decodeBody(const state::ByteSource& section, std::string_view bytes) {
  TableManifest manifest;
  Reader from(bytes);
  manifest.names_hold_keys = from.get<std::uint8_t>() != 0;
  WEIR_TRY(manifest.key_schema, record::decodeSchema(from.getString()));
  for (std::uint64_t left = from.getVarint(); left > 0 && !from.failed(); --left) {
    TableManifest::State& one = manifest.states.emplace_back();
    one.info.name = from.getString();
    one.info.kind = static_cast<state::StateKind>(from.get<std::uint8_t>());
    one.info.mode = static_cast<state::ListMode>(from.get<std::uint8_t>());
    WEIR_TRY(one.info.schema, record::decodeSchema(from.getString()));
    one.family = from.getString();
    if (!state::isKeyed(one.info.kind) || one.info.kind < state::StateKind::kValue ||
        one.info.kind > state::StateKind::kTimer || one.info.mode != state::ListMode::kNone) {
      return corrupt(section, "describes state '" + one.info.name + "' wrongly");
    }
  }
  for (std::uint64_t left = from.getVarint(); left > 0 && !from.failed(); --left) {
    TableManifest::Table& one = manifest.tables.emplace_back();
    one.name = from.getString();
    one.shared = from.getString();
    one.size = from.getVarint();
    one.checksum = from.get<std::uint64_t>();
    if (!fs::isPlainName(one.name) || !fs::isPlainName(one.shared)) {
      return corrupt(section, "names a table that is no plain name");
    }
  }
  for (std::uint64_t left = from.getVarint(); left > 0 && !from.failed(); --left) {
    TableManifest::File& one = manifest.files.emplace_back();
    one.name = from.getString();
    one.bytes = from.getString();
    if (!fs::isPlainName(one.name)) {
      return corrupt(section, "has a file that has no plain name");
    }
  }
  if (from.failed() || from.remaining() != 0) {
    return corrupt(section, "ends too early or too late");
  }
  return manifest;
}

}  // namespace

std::string TableManifest::encode() const {
  Writer body;
  body.put(static_cast<std::uint8_t>(names_hold_keys ? 1 : 0));
  body.putString(record::encodeSchema(key_schema));
  body.putVarint(states.size());
  for (const State& one : states) {
    body.putString(one.info.name);
    body.put(static_cast<std::uint8_t>(one.info.kind));
    body.put(static_cast<std::uint8_t>(one.info.mode));
    body.putString(record::encodeSchema(one.info.schema));
    body.putString(one.family);
  }
  body.putVarint(tables.size());
  for (const Table& one : tables) {
    body.putString(one.name);
    body.putString(one.shared);
    body.putVarint(one.size);
    body.put(one.checksum);
  }
  body.putVarint(files.size());
  for (const File& one : files) {
    body.putString(one.name);
    body.putString(one.bytes);
  }
  Writer all;
  all.putBytes(kMagic.data(), kMagic.size());
  all.put(kVersion);
  all.put(static_cast<std::uint64_t>(body.size()));
  all.put(record::xxh3(body.data(), body.size()));
  all.putBytes(body.data(), body.size());
  return all.str();
}

Result<bool> hasManifest(const state::ByteSource& section) {
  if (section.size() < kHead) {
    return false;
  }
  WEIR_TRY(const std::string magic, section.read(0, kMagic.size()));
  return magic == kMagic;
}

Result<ReadManifest> readManifest(const state::ByteSource& section) {
  if (section.size() < kHead) {
    return corrupt(section, "is cut short");
  }
  WEIR_TRY(const std::string head, section.read(0, kHead));
  Reader from(std::string_view(head).substr(kMagic.size()));
  const auto version = from.get<std::uint32_t>();
  const auto size = from.get<std::uint64_t>();
  const auto checksum = from.get<std::uint64_t>();
  if (!head.starts_with(kMagic)) {
    return corrupt(section, "is none");
  }
  if (version != kVersion) {
    return Error(ErrorCode::kInvalidArgument,
                 section.name() + ": its manifest of tables has version " +
                     std::to_string(version) + ", this release knows version " +
                     std::to_string(kVersion))
        .advise("use the release that wrote it, or a newer one");
  }
  if (size > section.size() - kHead) {
    return corrupt(section, "is longer than its file");
  }
  WEIR_TRY(const std::string body, section.read(kHead, size));
  if (record::xxh3(body.data(), body.size()) != checksum) {
    return corrupt(section, "is not as it was written");
  }
  WEIR_TRY(TableManifest manifest, decodeBody(section, body));
  return ReadManifest{std::move(manifest), kHead + size};
}

}  // namespace weir::rocks
