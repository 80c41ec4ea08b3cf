#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/api/program.h"
#include "common/functions/checkpointed.h"
#include "common/functions/source_function.h"
#include "common/record/serializer.h"

namespace weir {

/// Emits elements that were computed at submission and travel with the graph. Has parallelism 1;
/// its state is how many elements were emitted.
template <typename T>
class CollectionSource : public SourceFunction<T>, public Checkpointed<std::uint64_t> {
 public:
  /// `facts` get the elements, as encode() made them, before anything runs.
  explicit CollectionSource(api::SharedFacts facts) : facts_(std::move(facts)) {}

  template <typename Range>
  static std::string encode(const Range& elements) {
    Writer writer;
    for (const auto& element : elements) {
      record::write<T>(static_cast<const T&>(element), writer);
      writer.put(kEndOfElement);
    }
    return writer.str();
  }

  InputStatus pollNext(SourceContext<T>& context) override {
    if (!at_.has_value()) {
      at_ = 0;
      for (std::uint64_t skip = emitted_; skip > 0 && *at_ < facts_->payload.size(); --skip) {
        next();
      }
    }
    if (*at_ >= facts_->payload.size()) {
      return InputStatus::kEndOfInput;
    }
    context.collect(next());
    ++emitted_;
    return InputStatus::kMoreAvailable;
  }
  std::uint64_t snapshotState(std::uint64_t /*checkpoint_id*/) override { return emitted_; }
  void restoreState(const std::uint64_t& emitted) override { emitted_ = emitted; }

 private:
  static constexpr char kEndOfElement = '\n';  // So that no element is without bytes.

  T next() {
    Reader reader(facts_->payload.data() + *at_, facts_->payload.size() - *at_);
    T element = record::read<T>(reader);
    if (reader.get<char>() != kEndOfElement || reader.failed()) {
      throw std::runtime_error("the elements of this source do not read as they were written");
    }
    *at_ = facts_->payload.size() - reader.remaining();
    return element;
  }

  api::SharedFacts facts_;         // Shared with the program, which fills it in; read only here.
  std::optional<std::size_t> at_;  // In the payload; absent before the first poll.
  std::uint64_t emitted_ = 0;
};

}  // namespace weir
