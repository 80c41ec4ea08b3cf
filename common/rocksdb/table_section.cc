#include "common/rocksdb/table_section.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "common/base/bytes.h"
#include "common/rocksdb/rocks_library.h"
#include "common/state/column_tier.h"

namespace weir::rocks {

namespace {

std::string temporaryDirectory() {
  const char* own = std::getenv("TMPDIR");
  return own != nullptr && *own != '\0' ? own : "/tmp";
}

Error noRoom(const std::string& path, int error) {
  std::error_code ignored;
  const auto space = std::filesystem::space(temporaryDirectory(), ignored);
  return systemError(error,
                     "write " + path + ", where the disk has " +
                         (ignored ? "an unknown number of" : std::to_string(space.available)) +
                         " bytes left")
      .advise(
          "make room there, or set TMPDIR (of a worker: taskmanager.tmp.dirs) to a larger disk");
}

/// A directory that goes with it.
class Scratch {
 public:
  static Result<Scratch> make() {
    std::string path = temporaryDirectory() + "/weir-tables-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) {
      return systemError(errno, "create a directory for state in " + temporaryDirectory())
          .advise("set TMPDIR to a directory that can be written");
    }
    return Scratch(std::move(path));
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) {
      std::filesystem::remove_all(path_, ignored);
    }
  }
  const std::string& path() const { return path_; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Of the file called `name` in errors.
Status writeAll(int file, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) {
      return noRoom(name, errno);
    }
    bytes.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return ok();
}

/// A new file in the scratch directory.
class NamedFile final : public state::ByteSink {
 public:
  explicit NamedFile(std::string path) : path_(std::move(path)) {}
  ~NamedFile() override {
    if (file_ >= 0) {
      ::close(file_);
    }
  }
  NamedFile(const NamedFile&) = delete;
  NamedFile& operator=(const NamedFile&) = delete;

  Status open() {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return file_ < 0 ? Status(noRoom(path_, errno)) : ok();
  }
  Status append(std::string_view bytes) override { return writeAll(file_, bytes, path_); }

 private:
  const std::string path_;
  int file_ = -1;
};

/// A file without a name: first it is written, then read.
class UnnamedFile final : public state::ByteSink, public state::ByteSource {
 public:
  explicit UnnamedFile(std::string name) : name_(std::move(name)) {}
  ~UnnamedFile() override {
    if (file_ >= 0) {
      ::close(file_);
    }
  }
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;

  Status open() {
    std::string path = temporaryDirectory() + "/weir-section-XXXXXX";
    file_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (file_ < 0) {
      return noRoom(path, errno);
    }
    ::unlink(path.c_str());
    return ok();
  }
  Status append(std::string_view bytes) override {
    size_ += bytes.size();
    return writeAll(file_, bytes, "a temporary file in " + temporaryDirectory());
  }
  std::uint64_t size() const override { return size_; }
  std::string name() const override { return name_; }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > size_ || size_ - offset < length) {
      return Error(ErrorCode::kCorruption, "the section is shorter than it says");
    }
    std::string bytes(length, '\0');
    for (std::size_t done = 0; done < length;) {
      const ssize_t count =
          ::pread(file_, bytes.data() + done, length - done, static_cast<off_t>(offset + done));
      if (count <= 0 && errno != EINTR) {
        return systemError(errno, "read a temporary file of " + name_);
      }
      done += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    return bytes;
  }

 private:
  const std::string name_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

/// Tables in a directory, open for reading.
class OpenTables {
 public:
  explicit OpenTables(const RocksLibrary& library, std::string section)
      : rocks_(library), section_(std::move(section)), options_(library.options_create()) {}
  ~OpenTables() {
    for (rocksdb_column_family_handle_t* handle : handles_) {
      rocks_.column_family_handle_destroy(handle);
    }
    if (db_ != nullptr) {
      rocks_.close(db_);
    }
    rocks_.options_destroy(options_);
  }
  OpenTables(const OpenTables&) = delete;
  OpenTables& operator=(const OpenTables&) = delete;

  Status open(const std::string& directory) {
    rocks_.options_set_info_log_level(options_, 4);  // Nothing but what is fatal.
    char* error = nullptr;
    std::size_t count = 0;
    char** names = rocks_.list_column_families(options_, directory.c_str(), &count, &error);
    if (error != nullptr) {
      return failed(error);
    }
    names_.assign(names, names + count);
    rocks_.list_column_families_destroy(names, count);
    std::vector<const char*> starts;
    for (const std::string& name : names_) {
      starts.push_back(name.c_str());
    }
    const std::vector<const rocksdb_options_t*> options(count, options_);
    handles_.resize(count);
    db_ = rocks_.open_for_read_only_column_families(options_,
                                                    directory.c_str(),
                                                    static_cast<int>(count),
                                                    starts.data(),
                                                    options.data(),
                                                    handles_.data(),
                                                    0,
                                                    &error);
    if (error != nullptr) {
      handles_.clear();
      return failed(error);
    }
    return ok();
  }

  /// Names and values of a family, in order.
  Status forEach(const std::string& family,
                 const std::function<Status(std::string_view, std::string_view)>& each) {
    const auto found = std::ranges::find(names_, family);
    if (found == names_.end()) {
      return corrupt("have no family '" + family + "'");
    }
    rocksdb_readoptions_t* options = rocks_.readoptions_create();
    rocks_.readoptions_set_fill_cache(options, 0);
    rocksdb_iterator_t* at = rocks_.create_iterator_cf(
        db_, options, handles_[static_cast<std::size_t>(found - names_.begin())]);
    Status status = ok();
    for (rocks_.iter_seek_to_first(at); status && rocks_.iter_valid(at) != 0;
         rocks_.iter_next(at)) {
      std::size_t name_size = 0;
      std::size_t value_size = 0;
      const char* name = rocks_.iter_key(at, &name_size);
      const char* value = rocks_.iter_value(at, &value_size);
      status = each({name, name_size}, {value, value_size});
    }
    char* error = nullptr;
    rocks_.iter_get_error(at, &error);
    rocks_.iter_destroy(at);
    rocks_.readoptions_destroy(options);
    return error == nullptr ? std::move(status) : Status(failed(error));
  }

  Error corrupt(const std::string& what) const {
    return Error(ErrorCode::kCorruption, section_ + ": its tables " + what);
  }

 private:
  Error failed(char* says) const {
    const std::string cause = says;
    rocks_.free(says);
    return corrupt("cannot be read: " + cause);
  }

  const RocksLibrary& rocks_;
  const std::string section_;
  rocksdb_options_t* options_;
  rocksdb_t* db_ = nullptr;
  std::vector<std::string> names_;
  std::vector<rocksdb_column_family_handle_t*> handles_;
};

Status writeState(const TableManifest& manifest,
                  const TableManifest::State& one,
                  OpenTables& tables,
                  state::SectionWriter& to) {
  WEIR_RETURN_IF_ERROR(to.beginState(one.info, manifest.key_schema));
  WEIR_RETURN_IF_ERROR(
      tables.forEach(one.family, [&](std::string_view name, std::string_view value) -> Status {
        state::FrozenTier::Entry entry;
        if (!state::splitName(name, entry)) {
          return tables.corrupt("hold what no state has written");
        }
        entry.value = value;
        if (!manifest.names_hold_keys) {
          Reader from(value);
          entry.key = from.getString();
          if (from.failed()) {
            return tables.corrupt("hold what no state has written");
          }
          entry.value.remove_prefix(value.size() - from.remaining());
        }
        return to.entry(entry.key_group, entry.key, entry.name_space, entry.value);
      }));
  return to.endState();
}

/// Fills a directory with all that RocksDB opens.
Status fill(const std::string& directory, const TableManifest& manifest, const FetchTable& fetch) {
  for (const TableManifest::Table& table : manifest.tables) {
    NamedFile file(directory + "/" + table.name);
    WEIR_RETURN_IF_ERROR(file.open());
    WEIR_RETURN_IF_ERROR(fetch(table, file));
  }
  for (const TableManifest::File& one : manifest.files) {
    NamedFile file(directory + "/" + one.name);
    WEIR_RETURN_IF_ERROR(file.open());
    WEIR_RETURN_IF_ERROR(file.append(one.bytes));
  }
  return ok();
}

}  // namespace

Result<std::unique_ptr<state::ByteSource>> readTables(const TableManifest& manifest,
                                                      const state::ByteSource& rest,
                                                      const std::string& section,
                                                      const FetchTable& fetch) {
  WEIR_TRY(const RocksLibrary* library, RocksLibrary::loadAny());
  auto file = std::make_unique<UnnamedFile>(section);
  WEIR_RETURN_IF_ERROR(file->open());
  WEIR_TRY(const Scratch scratch, Scratch::make());
  WEIR_RETURN_IF_ERROR(fill(scratch.path(), manifest, fetch));
  OpenTables tables(*library, section);
  WEIR_RETURN_IF_ERROR(tables.open(scratch.path()));
  state::SectionWriter writer(*file);
  for (const TableManifest::State& one : manifest.states) {
    WEIR_RETURN_IF_ERROR(writeState(manifest, one, tables, writer));
  }
  WEIR_TRY(const auto others, state::SectionReader::open(rest));
  WEIR_RETURN_IF_ERROR(state::copyStates(*others, writer));
  WEIR_RETURN_IF_ERROR(writer.finish());
  return std::unique_ptr<state::ByteSource>(std::move(file));
}

}  // namespace weir::rocks
