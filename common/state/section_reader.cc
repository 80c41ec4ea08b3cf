#include <algorithm>
#include <limits>

#include "common/record/checksum.h"
#include "common/record/key_hash.h"
#include "common/state/entry_digest.h"
#include "common/state/group_check.h"
#include "common/state/section.h"
#include "common/state/section_format.h"

namespace weir::state {

namespace {

struct Block {
  std::uint64_t offset = 0;  // In the section.
  std::uint64_t stored = 0;  // With its header.
};
struct StateIndex {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::vector<GroupSummary> groups;
};

}  // namespace

struct SectionReader::Impl {
  explicit Impl(const ByteSource& from) : source(from) {}

  Error corrupt(const std::string& what) const {
    Error error(ErrorCode::kCorruption, what);
    const std::string name = source.name();
    return name.empty() ? error : std::move(error).during("read " + name);
  }

  Status readTrailer() {
    const std::uint64_t size = source.size();
    if (size < format::kSmallestHeader + format::kTrailer) {
      return corrupt("the section has " + std::to_string(size) + " bytes, too few to be one");
    }
    WEIR_TRY(const std::string bytes, source.read(size - format::kTrailer, format::kTrailer));
    if (!std::string_view(bytes).ends_with(format::kTailMagic)) {
      return corrupt("the section does not end with its mark: it is cut short or damaged");
    }
    Reader from(bytes);
    footer_offset = from.get<std::uint64_t>();
    const auto footer_size = from.get<std::uint32_t>();
    from.get<std::uint32_t>();
    const auto section_size = from.get<std::uint64_t>();
    const auto checksum = from.get<std::uint64_t>();
    if (section_size != size || footer_size > size - format::kTrailer ||
        footer_offset != size - format::kTrailer - footer_size) {
      return corrupt("the section's trailer contradicts its size");
    }
    WEIR_TRY(const std::string footer, source.read(footer_offset, footer_size));
    record::Checksum sum;
    sum.add(footer);
    sum.add(std::string_view(bytes).substr(0, 24));
    if (sum.value() != checksum) {
      return corrupt("the section's footer contradicts its checksum");
    }
    return readHeader(footer);
  }

  Status readHeader(const std::string& footer) {
    WEIR_TRY(const std::string bytes,
             source.read(0, std::min(footer_offset, format::kLargestHeader)));
    Reader from(bytes);
    const std::string_view magic = from.take(format::kHeadMagic.size());
    version = from.get<std::uint32_t>();
    writer = from.take(from.get<std::uint16_t>());
    const auto size = static_cast<std::size_t>(from.position() - bytes.data());
    const auto checksum = from.get<std::uint64_t>();
    if (from.failed() || magic != format::kHeadMagic ||
        record::xxh3(bytes.data(), size) != checksum) {
      return corrupt("the section's header contradicts its checksum");
    }
    if (version < format::kOldestVersion || version > format::kVersion) {
      return Error(ErrorCode::kInvalidArgument,
                   "the section has format version " + std::to_string(version) + ", written by " +
                       writer + "; this release reads versions " +
                       std::to_string(format::kOldestVersion) + " to " +
                       std::to_string(format::kVersion));
    }
    return readFooter(footer, size + sizeof checksum);
  }

  Status readFooter(const std::string& footer, std::uint64_t header_size) {
    Reader from(footer);
    for (std::uint64_t left = from.getVarint(); left > 0 && !from.failed(); --left) {
      WEIR_RETURN_IF_ERROR(readState(from));
    }
    std::uint64_t offset = header_size;
    for (std::uint64_t left = from.getVarint(); left > 0 && !from.failed(); --left) {
      const std::uint64_t stored = from.getVarint();
      blocks.push_back({offset, stored});
      offset += stored;
      if (stored < format::kBlockHeader || stored > footer_offset) {
        from.fail();
      }
    }
    if (from.failed() || from.remaining() != 0 || offset != footer_offset) {
      return corrupt("the section's footer does not describe its blocks");
    }
    return ok();
  }

  Status readState(Reader& from) {
    StateSummary summary;
    StateIndex index;
    summary.name = from.getString();
    summary.kind = from.get<StateKind>();
    summary.mode = from.get<ListMode>();
    WEIR_TRY(summary.key_schema, record::decodeSchema(from.getString()));
    WEIR_TRY(summary.value_schema, record::decodeSchema(from.getString()));
    summary.entries = from.getVarint();
    index.begin = from.getVarint();
    index.end = from.getVarint();
    if (summary.kind < StateKind::kValue || summary.kind > StateKind::kInFlight ||
        summary.mode > ListMode::kBroadcast || index.end < index.begin) {
      return corrupt("the section's footer describes state '" + summary.name + "' wrongly");
    }
    summary.bytes = index.end - index.begin;
    WEIR_RETURN_IF_ERROR(readGroups(from, summary, index));
    states.push_back(std::move(summary));
    indexes.push_back(std::move(index));
    return ok();
  }

  Status readGroups(Reader& from, StateSummary& summary, StateIndex& index) const {
    const bool digests = version >= format::kDigestsSince;
    summary.digest = digests ? from.get<std::uint64_t>() : 0;
    GroupSummary group{.group = 0, .begin = index.begin};
    StateSummary sums;
    bool in_order = true;
    for (std::uint64_t left = from.getVarint(); left > 0 && !from.failed(); --left) {
      const std::uint64_t step = from.getVarint();
      in_order = in_order && step <= format::kLargestGroup && (step > 0 || index.groups.empty());
      group.group += static_cast<std::uint32_t>(step);
      group.begin += from.getVarint();
      group.entries = from.getVarint();
      group.digest = digests ? from.get<std::uint64_t>() : 0;
      sums.entries += group.entries;
      sums.digest += group.digest;
      index.groups.push_back(group);
    }
    std::uint64_t end = index.end;
    for (auto one = index.groups.rbegin(); one != index.groups.rend(); ++one) {
      in_order = in_order && one->begin <= end;
      one->bytes = end - one->begin;
      end = one->begin;
    }
    const bool adds_up = isKeyed(summary.kind)
                             ? sums.entries == summary.entries && sums.digest == summary.digest
                             : index.groups.empty();
    if (!from.failed() && !(in_order && adds_up)) {
      return corrupt("the index of state '" + summary.name + "' contradicts itself");
    }
    return ok();
  }

  Result<std::string> readBlock(std::size_t at) const {
    const std::string name = "block " + std::to_string(at) + " of the section";
    if (at >= blocks.size()) {
      return corrupt(name + " is missing");
    }
    WEIR_TRY(std::string bytes, source.read(blocks[at].offset, blocks[at].stored));
    Reader from(bytes);
    const auto raw = from.get<std::uint32_t>();
    const auto stored = from.get<std::uint32_t>();
    const auto compression = from.get<std::uint64_t>() & 0xFF;
    const auto checksum = from.get<std::uint64_t>();
    record::Checksum sum;
    sum.add(std::string_view(bytes).substr(0, 16));
    sum.add(std::string_view(bytes).substr(format::kBlockHeader));
    if (sum.value() != checksum || stored != from.remaining()) {
      return corrupt(name + " contradicts its checksum");
    }
    if (compression != static_cast<std::uint64_t>(format::Compression::kNone) || raw != stored) {
      return Error(ErrorCode::kInvalidArgument,
                   name + " is compressed in a way (" + std::to_string(compression) +
                       ") that this release does not know");
    }
    if (at + 1 < blocks.size() ? raw != format::kBlockBytes : raw > format::kBlockBytes) {
      return corrupt(name + " has an odd size");
    }
    bytes.erase(0, format::kBlockHeader);
    return bytes;
  }

  const ByteSource& source;
  std::uint32_t version = 0;
  std::string writer;
  std::uint64_t footer_offset = 0;
  std::vector<StateSummary> states;
  std::vector<StateIndex> indexes;
  std::vector<Block> blocks;

  /// Walks the stream of blocks from one place to another.
  class Cursor {
   public:
    Cursor(const Impl& section, std::uint64_t begin, std::uint64_t end)
        : section_(section), position_(begin), end_(end) {}

    std::uint64_t position() const { return position_; }
    bool atEnd() const { return position_ >= end_; }

    /// The next `count` bytes, valid until the next call.
    Result<std::string_view> take(std::uint64_t count) {
      if (count > end_ - position_) {
        return section_.corrupt("an entry reaches beyond its state");
      }
      WEIR_RETURN_IF_ERROR(fill(count));
      const std::string_view bytes = std::string_view(buffer_).substr(used_, count);
      used_ += count;
      position_ += count;
      return bytes;
    }
    Result<std::uint64_t> takeVarint() {
      WEIR_RETURN_IF_ERROR(fill(std::min<std::uint64_t>(10, end_ - position_)));
      Reader from(std::string_view(buffer_).substr(used_));
      const std::size_t before = from.remaining();
      const std::uint64_t value = from.getVarint();
      if (from.failed() || before - from.remaining() > end_ - position_) {
        return section_.corrupt("the size of an entry is cut short");
      }
      used_ += before - from.remaining();
      position_ += before - from.remaining();
      return value;
    }

   private:
    Status fill(std::uint64_t count) {
      while (buffer_.size() - used_ < count) {
        const std::uint64_t next = position_ + (buffer_.size() - used_);
        WEIR_TRY(const std::string block, section_.readBlock(next / format::kBlockBytes));
        buffer_.erase(0, used_);
        used_ = 0;
        const std::uint64_t within = next % format::kBlockBytes;
        if (within >= block.size()) {
          return section_.corrupt("a state reaches beyond the section's blocks");
        }
        buffer_.append(block, within);
      }
      return ok();
    }

    const Impl& section_;
    std::uint64_t position_;
    std::uint64_t end_;
    std::string buffer_;    // Of the stream, from position_ - used_.
    std::size_t used_ = 0;  // Of buffer_.
  };

  Status readGroup(Cursor& cursor,
                   const GroupSummary& group,
                   const std::function<Status(const Entry&)>& each) const {
    for (std::uint64_t left = group.entries; left > 0; --left) {
      WEIR_TRY(const std::uint64_t key, cursor.takeVarint());
      WEIR_TRY(const std::uint64_t name_space, cursor.takeVarint());
      WEIR_TRY(const std::uint64_t value, cursor.takeVarint());
      const std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
      if (key > most || name_space > most || value > format::kLargestValue) {
        return corrupt("an entry has an odd size");
      }
      WEIR_TRY(const std::string_view bytes, cursor.take(key + name_space + value));
      WEIR_RETURN_IF_ERROR(each(Entry{group.group,
                                      bytes.substr(0, key),
                                      bytes.substr(key, name_space),
                                      bytes.substr(key + name_space)}));
    }
    return ok();
  }
};

SectionReader::SectionReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SectionReader::~SectionReader() = default;

Result<std::unique_ptr<SectionReader>> SectionReader::open(const ByteSource& source) {
  auto impl = std::make_unique<Impl>(source);
  WEIR_RETURN_IF_ERROR(impl->readTrailer());
  return std::unique_ptr<SectionReader>(new SectionReader(std::move(impl)));
}

const std::vector<StateSummary>& SectionReader::states() const { return impl_->states; }
std::uint32_t SectionReader::formatVersion() const { return impl_->version; }
bool SectionReader::hasDigests() const { return impl_->version >= format::kDigestsSince; }
Error SectionReader::corrupt(const std::string& what) const { return impl_->corrupt(what); }

const std::vector<GroupSummary>& SectionReader::groups(std::size_t state) const {
  return impl_->indexes[state].groups;
}

int SectionReader::find(std::string_view name, StateKind kind) const {
  for (std::size_t i = 0; i < impl_->states.size(); ++i) {
    if (impl_->states[i].name == name && impl_->states[i].kind == kind) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

Status SectionReader::readKeyed(std::size_t state,
                                KeyGroupRange range,
                                const std::function<Status(const Entry&)>& each) const {
  const StateIndex& index = impl_->indexes[state];
  const auto first = std::find_if(index.groups.begin(),
                                  index.groups.end(),
                                  [&](const GroupSummary& g) { return range.contains(g.group); });
  if (first == index.groups.end()) {
    return ok();
  }
  Impl::Cursor cursor(*impl_, first->begin, index.end);
  for (auto group = first; group != index.groups.end() && range.contains(group->group); ++group) {
    WEIR_RETURN_IF_ERROR(impl_->readGroup(cursor, *group, each));
    if (cursor.position() != group->begin + group->bytes) {
      return impl_->corrupt("the index of state '" + impl_->states[state].name +
                            "' contradicts its entries");
    }
  }
  return ok();
}

Result<std::vector<std::string>> SectionReader::readElements(std::size_t state) const {
  std::vector<std::string> elements;
  WEIR_RETURN_IF_ERROR(readElements(state, [&](std::string_view bytes) {
    elements.emplace_back(bytes);
    return ok();
  }));
  return elements;
}

Status SectionReader::readElements(std::size_t state,
                                   const std::function<Status(std::string_view)>& each) const {
  const StateIndex& index = impl_->indexes[state];
  Impl::Cursor cursor(*impl_, index.begin, index.end);
  const StateSummary& summary = impl_->states[state];
  const EntryDigest hash({}, summary.value_schema);
  std::uint64_t digest = 0;
  std::uint64_t count = 0;
  while (!cursor.atEnd()) {
    WEIR_TRY(const std::uint64_t size, cursor.takeVarint());
    WEIR_TRY(const std::string_view bytes, cursor.take(size));
    WEIR_RETURN_IF_ERROR(each(bytes));
    digest += hash.of(bytes);
    ++count;
  }
  if (count != summary.entries) {
    return impl_->corrupt("state '" + summary.name + "' has another number of elements");
  }
  if (hasDigests() && digest != summary.digest) {
    return impl_->corrupt("the elements of state '" + summary.name +
                          "' contradict the digest that was taken when they were written");
  }
  return ok();
}

std::vector<Error> SectionReader::damagedBlocks() const {
  std::vector<Error> damaged;
  for (std::size_t block = 0; block < impl_->blocks.size(); ++block) {
    if (const auto bytes = impl_->readBlock(block); !bytes) {
      damaged.push_back(bytes.error());
    }
  }
  return damaged;
}

Status SectionReader::verifyKeyed(std::size_t state) const {
  constexpr KeyGroupRange kAll{0, std::numeric_limits<std::uint32_t>::max()};
  const EntryDigest hash(impl_->states[state].key_schema, impl_->states[state].value_schema);
  GroupCheck check(*this, state, kAll);
  WEIR_RETURN_IF_ERROR(readKeyed(state, kAll, [&](const Entry& entry) {
    return check.add(entry.key_group, hash.of(entry.key, entry.name_space, entry.value));
  }));
  return check.finish();
}

Status SectionReader::verify() const {
  for (std::size_t block = 0; block < impl_->blocks.size(); ++block) {
    WEIR_RETURN_IF_ERROR(impl_->readBlock(block));
  }
  for (std::size_t state = 0; state < impl_->states.size(); ++state) {
    if (isKeyed(impl_->states[state].kind)) {
      WEIR_RETURN_IF_ERROR(verifyKeyed(state));
    } else {
      WEIR_RETURN_IF_ERROR(readElements(state, [](std::string_view) { return ok(); }));
    }
  }
  return ok();
}

}  // namespace weir::state
