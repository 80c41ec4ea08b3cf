#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/schema/key_group.h"
#include "common/schema/state_kinds.h"

namespace weir::state {

/// Where a section's bytes go, one after another.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual Status append(std::string_view bytes) = 0;
};

/// Where a section's bytes come from: exactly the section, which may be a part of a file.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual std::uint64_t size() const = 0;
  /// What errors call it, such as the file's path; may be empty.
  virtual std::string name() const { return {}; }
  /// Exactly `length` bytes; an Error when there are fewer.
  virtual Result<std::string> read(std::uint64_t offset, std::uint64_t length) const = 0;
};

/// One state of a section, as its footer describes it.
struct StateSummary {
  std::string name;
  StateKind kind = StateKind::kValue;
  ListMode mode = ListMode::kNone;
  record::Schema key_schema;  ///< Meaningful for keyed kinds.
  record::Schema value_schema;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;   ///< Before compression.
  std::uint64_t digest = 0;  ///< The sum of all entries' hashes; see EntryDigest.
};

/// A key group that a keyed state of a section has entries of.
struct GroupSummary {
  std::uint32_t group = 0;
  std::uint64_t begin = 0;  ///< Where it stands in the section's stream.
  std::uint64_t bytes = 0;
  std::uint64_t entries = 0;
  std::uint64_t digest = 0;  ///< The sum of its entries' hashes; see EntryDigest.
};

/// What a written section is, for handles and `inspect`.
struct SectionInfo {
  std::uint64_t offset = 0;    ///< In the file; filled in by whoever owns the file.
  std::uint64_t size = 0;      ///< In bytes, as stored.
  std::uint64_t checksum = 0;  ///< XXH3-64 of all bytes of the section.
  std::vector<StateSummary> states;
};

/// Writes the state of one operator of one subtask, in the format of snapshot_format.md.
///
/// Order: for each state beginState(), then its entries, then endState(); finish() last. Entries of
/// a keyed state come with ascending key groups. On one thread.
/// Errors: those of the sink; the section is worthless after one.
class SectionWriter {
 public:
  /// `sink` outlives the writer; `writer_version` is noted for people, that of this release if
  /// empty.
  explicit SectionWriter(ByteSink& sink, std::string writer_version = {});
  ~SectionWriter();
  SectionWriter(const SectionWriter&) = delete;
  SectionWriter& operator=(const SectionWriter&) = delete;

  /// `key_schema` is ignored for operator kinds.
  Status beginState(const StateInfo& state, const record::Schema& key_schema = {});
  /// One entry of a keyed state. The namespace is empty outside of windows.
  Status entry(std::uint32_t key_group,
               std::string_view key,
               std::string_view name_space,
               std::string_view value);
  /// The value of a kOperator, or one element of a kOperatorList.
  Status element(std::string_view value);
  Status endState();
  Result<SectionInfo> finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Reads a section; what it hands out was checked against its checksums.
///
/// Errors: kCorruption, naming what is damaged, for any byte that is not as it was written;
/// otherwise those of the source. Threads: one at a time; it outlives no source.
class SectionReader {
 public:
  /// Reads and checks header and footer. `source` outlives the reader.
  static Result<std::unique_ptr<SectionReader>> open(const ByteSource& source);
  ~SectionReader();
  SectionReader(const SectionReader&) = delete;
  SectionReader& operator=(const SectionReader&) = delete;

  const std::vector<StateSummary>& states() const;
  /// The index in states(), or -1.
  int find(std::string_view name, StateKind kind) const;
  /// The key groups of states()[state] that have entries, ascending; none for operator kinds.
  const std::vector<GroupSummary>& groups(std::size_t state) const;
  std::uint32_t formatVersion() const;
  /// Whether the digests of states and groups mean anything: version 1 has none.
  bool hasDigests() const;
  /// A kCorruption that names what is read, for whoever finds more than its checksums tell.
  Error corrupt(const std::string& what) const;

  struct Entry {
    std::uint32_t key_group = 0;
    std::string_view key;  ///< The views are valid during the callback.
    std::string_view name_space;
    std::string_view value;
  };
  /// Calls `each` for the entries of states()[state] whose key group is in `range`; stops at the
  /// first Error and returns it. Reads only the blocks that it needs.
  Status readKeyed(std::size_t state,
                   KeyGroupRange range,
                   const std::function<Status(const Entry&)>& each) const;
  /// The elements of an operator state, in order, checked against its digest.
  Result<std::vector<std::string>> readElements(std::size_t state) const;
  /// The same one by one, as readKeyed() does; the view is valid during the callback.
  Status readElements(std::size_t state, const std::function<Status(std::string_view)>& each) const;
  /// Reads every byte and checks everything, digests too.
  Status verify() const;
  /// Reads every block: an Error for each that is not as it was written.
  std::vector<Error> damagedBlocks() const;

 private:
  struct Impl;
  explicit SectionReader(std::unique_ptr<Impl> impl);
  Status verifyKeyed(std::size_t state) const;
  std::unique_ptr<Impl> impl_;
};

/// Writes all states of a section again, checked, behind what `to` has.
Status copyStates(const SectionReader& from, SectionWriter& to);

}  // namespace weir::state
