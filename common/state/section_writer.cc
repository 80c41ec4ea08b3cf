#include <algorithm>

#include "common/base/version.h"
#include "common/record/checksum.h"
#include "common/record/key_hash.h"
#include "common/state/entry_digest.h"
#include "common/state/section.h"
#include "common/state/section_format.h"

namespace weir::state {
namespace {

constexpr std::size_t kLongestVarint = 10;

}  // namespace

struct SectionWriter::Impl {
  struct State {
    explicit State(StateSummary what)
        : summary(std::move(what)), digest(summary.key_schema, summary.value_schema) {}
    StateSummary summary;
    EntryDigest digest;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::vector<GroupSummary> groups;
  };

  explicit Impl(ByteSink& to) : sink(to) {}

  std::uint64_t position() const { return flushed + block.size(); }

  Status emit(std::string_view bytes) {
    WEIR_RETURN_IF_ERROR(sink.append(bytes));
    checksum.add(bytes);
    size += bytes.size();
    return ok();
  }

  Status emitHeader() {
    if (header_done) {
      return ok();
    }
    header_done = true;
    Writer header;
    header.putBytes(format::kHeadMagic.data(), format::kHeadMagic.size());
    header.put(format::kVersion);
    header.put(static_cast<std::uint16_t>(writer_version.size()));
    header.putBytes(writer_version.data(), writer_version.size());
    header.put(record::xxh3(header.data(), header.size()));
    return emit(header.view());
  }

  Status flushBlock() {
    if (block.size() == 0) {
      return ok();
    }
    WEIR_RETURN_IF_ERROR(emitHeader());
    Writer header;
    header.put(static_cast<std::uint32_t>(block.size()));
    header.put(static_cast<std::uint32_t>(block.size()));
    header.put(
        static_cast<std::uint64_t>(format::Compression::kNone));  // One byte and seven zeros.
    record::Checksum sum;
    sum.add(header.view());
    sum.add(block.view());
    header.put(sum.value());
    WEIR_RETURN_IF_ERROR(emit(header.view()));
    WEIR_RETURN_IF_ERROR(emit(block.view()));
    blocks.push_back(header.size() + block.size());
    flushed += block.size();
    block.clear();
    return ok();
  }

  Status put(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t now =
          std::min<std::size_t>(bytes.size(), format::kBlockBytes - block.size());
      block.putBytes(bytes.data(), now);
      bytes.remove_prefix(now);
      if (block.size() == format::kBlockBytes) {
        WEIR_RETURN_IF_ERROR(flushBlock());
      }
    }
    return ok();
  }

  /// An entry.
  Status put(std::string_view key, std::string_view name_space, std::string_view value) {
    const std::size_t most =
        block.size() + 3 * kLongestVarint + key.size() + name_space.size() + value.size();
    const bool fits = most < format::kBlockBytes;  // As nearly all do: then it is put at one go.
    sizes.clear();
    Writer& to = fits ? block : sizes;
    to.putVarint(key.size());
    to.putVarint(name_space.size());
    to.putVarint(value.size());
    if (fits) {
      to.putBytes(key.data(), key.size());
      to.putBytes(name_space.data(), name_space.size());
      to.putBytes(value.data(), value.size());
      return ok();
    }
    WEIR_RETURN_IF_ERROR(put(sizes.view()));
    WEIR_RETURN_IF_ERROR(put(key));
    WEIR_RETURN_IF_ERROR(put(name_space));
    return put(value);
  }

  std::string footer() const {
    Writer to;
    to.putVarint(states.size());
    for (const State& state : states) {
      to.putString(state.summary.name);
      to.put(state.summary.kind);
      to.put(state.summary.mode);
      to.putString(record::encodeSchema(state.summary.key_schema));
      to.putString(record::encodeSchema(state.summary.value_schema));
      to.putVarint(state.summary.entries);
      to.putVarint(state.begin);
      to.putVarint(state.end);
      to.put(state.summary.digest);
      to.putVarint(state.groups.size());
      GroupSummary before{.group = 0, .begin = state.begin};
      for (const GroupSummary& group : state.groups) {
        to.putVarint(group.group - before.group);
        to.putVarint(group.begin - before.begin);
        to.putVarint(group.entries);
        to.put(group.digest);
        before = group;
      }
    }
    to.putVarint(blocks.size());
    for (const std::uint64_t stored : blocks) {
      to.putVarint(stored);
    }
    return to.str();
  }

  ByteSink& sink;
  std::string writer_version;
  bool header_done = false;
  record::Checksum checksum;  // Of the whole section.
  std::uint64_t size = 0;
  std::uint64_t flushed = 0;  // Of the stream, in full blocks.
  Writer block;
  std::vector<std::uint64_t> blocks;
  std::vector<State> states;
  Writer sizes;
};

SectionWriter::SectionWriter(ByteSink& sink, std::string writer_version)
    : impl_(std::make_unique<Impl>(sink)) {
  if (writer_version.empty()) {
    writer_version = "weir " + std::string(releaseVersion());
  }
  writer_version.resize(std::min<std::size_t>(writer_version.size(), 0xFFFF));
  impl_->writer_version = std::move(writer_version);
}
SectionWriter::~SectionWriter() = default;

Status SectionWriter::beginState(const StateInfo& state, const record::Schema& key_schema) {
  StateSummary summary;
  summary.name = state.name;
  summary.kind = state.kind;
  summary.mode = state.mode;
  summary.value_schema = state.schema;
  if (isKeyed(state.kind) || state.kind == StateKind::kInFlight) {
    summary.key_schema = key_schema;
  }
  Impl::State started(std::move(summary));
  started.begin = impl_->position();
  impl_->states.push_back(std::move(started));
  return ok();
}

Status SectionWriter::entry(std::uint32_t key_group,
                            std::string_view key,
                            std::string_view name_space,
                            std::string_view value) {
  Impl::State& state = impl_->states.back();
  if (state.groups.empty() || state.groups.back().group != key_group) {
    if (!state.groups.empty() && state.groups.back().group > key_group) {
      return Error(ErrorCode::kInternal,
                   "entries of state '" + state.summary.name + "' are not in order of key groups");
    }
    state.groups.push_back({.group = key_group, .begin = impl_->position()});
  }
  const std::uint64_t hash = state.digest.of(key, name_space, value);
  state.groups.back().digest += hash;
  state.summary.digest += hash;
  ++state.groups.back().entries;
  ++state.summary.entries;
  return impl_->put(key, name_space, value);
}

Status SectionWriter::element(std::string_view value) {
  Impl::State& state = impl_->states.back();
  ++state.summary.entries;
  state.summary.digest += state.digest.of(value);
  impl_->sizes.clear();
  impl_->sizes.putVarint(value.size());
  WEIR_RETURN_IF_ERROR(impl_->put(impl_->sizes.view()));
  return impl_->put(value);
}

Status SectionWriter::endState() {
  Impl::State& state = impl_->states.back();
  state.end = impl_->position();
  state.summary.bytes = state.end - state.begin;
  return ok();
}

Result<SectionInfo> SectionWriter::finish() {
  WEIR_RETURN_IF_ERROR(impl_->emitHeader());
  WEIR_RETURN_IF_ERROR(impl_->flushBlock());
  const std::string footer = impl_->footer();
  Writer trailer;
  trailer.put(impl_->size);
  trailer.put(static_cast<std::uint32_t>(footer.size()));
  trailer.put(format::kVersion);
  trailer.put(impl_->size + footer.size() + format::kTrailer);
  record::Checksum sum;
  sum.add(footer);
  sum.add(trailer.view());
  trailer.put(sum.value());
  trailer.putBytes(format::kTailMagic.data(), format::kTailMagic.size());
  WEIR_RETURN_IF_ERROR(impl_->emit(footer));
  WEIR_RETURN_IF_ERROR(impl_->emit(trailer.view()));

  SectionInfo info;
  info.size = impl_->size;
  info.checksum = impl_->checksum.value();
  for (const Impl::State& state : impl_->states) {
    info.states.push_back(state.summary);
  }
  return info;
}

}  // namespace weir::state
