#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/functions/element.h"
#include "common/functions/output_tag.h"
#include "common/functions/side_outputs.h"
#include "common/record/batch.h"
#include "common/record/codec.h"
#include "common/windows/evictor.h"

/// What a harness keeps of what its operator emits.
namespace weir::testing {

/// The records of an output, with the watermarks between them.
template <typename T>
class Recorded final : public functions::Receiver<T> {
 public:
  void receive(Batch<T>& batch) override {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      records_.push_back(
          {std::move(batch.records[i]),
           batch.hasTimestamps() ? batch.timestamps[i] : std::numeric_limits<std::int64_t>::min()});
    }
  }
  void receive(const functions::Signal& signal) override {
    if (const auto* watermark = std::get_if<functions::Watermark>(&signal)) {
      watermarks_.push_back(watermark->time);
    }
  }

  const std::vector<Timestamped<T>>& records() const { return records_; }
  std::vector<T> values() const {
    std::vector<T> all;
    for (const Timestamped<T>& one : records_) {
      all.push_back(one.value);
    }
    return all;
  }
  const std::vector<std::int64_t>& watermarks() const { return watermarks_; }
  void clear() {
    records_.clear();
    watermarks_.clear();
  }

 private:
  std::vector<Timestamped<T>> records_;
  std::vector<std::int64_t> watermarks_;
};

/// The records of all side outputs.
class RecordedSides final : public functions::SideRecorder {
 public:
  void receive(const functions::Signal& /*signal*/) override {}
  void record(const std::string& id,
              const void* type,
              std::shared_ptr<const void> value,
              std::int64_t timestamp) override {
    records_[id].push_back({type, std::move(value), timestamp});
  }

  /// Throws std::invalid_argument where the tag was used with another type.
  template <typename T>
  std::vector<Timestamped<T>> of(const OutputTag<T>& tag) const {
    std::vector<Timestamped<T>> all;
    const auto found = records_.find(tag.id());
    if (found == records_.end()) {
      return all;
    }
    for (const Record& one : found->second) {
      if (one.type != &record::kTypeTag<T>) {
        throw std::invalid_argument(
            "the function emits records of another type under the output "
            "tag '" +
            tag.id() + "'");
      }
      all.push_back({*static_cast<const T*>(one.value.get()), one.timestamp});
    }
    return all;
  }
  void clear() { records_.clear(); }

 private:
  struct Record {
    const void* type = nullptr;
    std::shared_ptr<const void> value;
    std::int64_t timestamp = 0;
  };
  std::map<std::string, std::vector<Record>> records_;  // By tag.
};

}  // namespace weir::testing
