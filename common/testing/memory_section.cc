#include "common/testing/memory_section.h"

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weir::testing {

namespace {

class Written final : public state::ByteSink {
 public:
  Status append(std::string_view bytes) override {
    bytes_ += bytes;
    return ok();
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Stored final : public state::ByteSource {
 public:
  explicit Stored(std::shared_ptr<const std::string> bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_->size(); }
  Result<std::string> read(std::uint64_t offset, std::uint64_t length) const override {
    if (offset > bytes_->size() || length > bytes_->size() - offset) {
      return Error(ErrorCode::kCorruption, "the snapshot ends too early");
    }
    return bytes_->substr(offset, length);
  }

 private:
  std::shared_ptr<const std::string> bytes_;
};

struct OpenSection {
  explicit OpenSection(std::shared_ptr<const std::string> bytes) : source(std::move(bytes)) {}
  Stored source;
  std::unique_ptr<state::SectionReader> reader;  // Of the source.
};

}  // namespace

void throwUnlessOk(const Status& status) {
  if (!status.has_value()) {
    throw std::runtime_error(status.error().text());
  }
}

std::shared_ptr<const std::string> writeSection(const state::FrozenState& frozen) {
  Written to;
  state::SectionWriter writer(to);
  throwUnlessOk(frozen.write(writer));
  const auto finished = writer.finish();
  if (!finished.has_value()) {
    throwUnlessOk(finished.error());
  }
  return std::make_shared<const std::string>(to.take());
}

std::shared_ptr<state::SectionReader> openSection(std::shared_ptr<const std::string> bytes) {
  auto open = std::make_shared<OpenSection>(std::move(bytes));
  auto reader = state::SectionReader::open(open->source);
  if (!reader.has_value()) {
    throwUnlessOk(reader.error());
  }
  open->reader = *std::move(reader);
  return {open, open->reader.get()};
}

}  // namespace weir::testing
