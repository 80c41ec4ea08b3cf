#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/functions/collector.h"
#include "common/functions/element.h"
#include "common/functions/hand_on.h"
#include "common/functions/output_tag.h"
#include "common/record/codec.h"

namespace weir::functions {

/// Throws what a tag fails its task with whose type is not the one that its consumers ask for.
[[noreturn]] void throwOtherTagType(const std::string& id);

/// A consumer of what is emitted under all tags that no other one asks for: of tests, which learn
/// of a tag only when they look at what came under it. It gets no signals.
class SideRecorder : public AnyReceiver {
 public:
  /// `type` is the address of record::kTypeTag of the record's type.
  virtual void record(const std::string& id,
                      const void* type,
                      std::shared_ptr<const void> value,
                      std::int64_t timestamp) = 0;
};

/// The outputs of an operator beside its main one, by the names of their tags. Task's thread only.
class SideOutputs {
 public:
  SideOutputs();
  ~SideOutputs();
  SideOutputs(const SideOutputs&) = delete;
  SideOutputs& operator=(const SideOutputs&) = delete;

  /// A consumer (a Receiver<T>) of what is emitted under a tag; of a SideRecorder the tag says
  /// nothing.
  void add(const std::string& id, AnyReceiver& receiver);

  /// Emits a record; one that nobody asks for is forgotten.
  template <typename T, typename V>
  void collect(const OutputTag<T>& tag, V&& value, std::int64_t timestamp) {
    for (Side& side : sides_) {
      if (side.id == tag.id()) {
        recordsOf<T>(side).append(std::forward<V>(value), timestamp);
        return;
      }
    }
    if (recorder_ != nullptr) [[unlikely]] {
      recorder_->record(tag.id(),
                        &record::kTypeTag<T>,
                        std::make_shared<const T>(std::forward<V>(value)),
                        timestamp);
    }
  }
  void flush() {
    for (Side& side : sides_) {
      if (side.records != nullptr) {
        side.records->flush();
      }
    }
  }
  void send(const Signal& signal);

 private:
  class Records {
   public:
    virtual ~Records() = default;
    virtual void flush() = 0;
  };
  template <typename T>
  class RecordsOf final : public Records {
   public:
    RecordsOf(const std::string& id, const std::vector<AnyReceiver*>& receivers) {
      for (AnyReceiver* one : receivers) {
        auto* typed = dynamic_cast<Receiver<T>*>(one);
        if (typed == nullptr) {
          throwOtherTagType(id);
        }
        receivers_.push_back(typed);
      }
    }
    template <typename V>
    void append(V&& value, std::int64_t timestamp) {
      batch_.records.push_back(std::forward<V>(value));
      if (timestamp != kNoTimestamp || batch_.hasTimestamps()) {
        batch_.timestamps.resize(batch_.size() - 1, kNoTimestamp);
        batch_.timestamps.push_back(timestamp);
      }
      if (batch_.size() >= Collector<T>::kBatchSize) {
        flush();
      }
    }
    void flush() override { handOn(batch_, receivers_); }

   private:
    Batch<T> batch_;
    std::vector<Receiver<T>*> receivers_;  // Owned by the task.
  };
  struct Side {
    std::string id;
    std::vector<AnyReceiver*> receivers;  // Owned by the task.
    std::unique_ptr<Records> records;     // From its first record on.
  };

  template <typename T>
  static RecordsOf<T>& recordsOf(Side& side) {
    if (side.records == nullptr) {
      side.records = std::make_unique<RecordsOf<T>>(side.id, side.receivers);
    }
    auto* typed = dynamic_cast<RecordsOf<T>*>(side.records.get());
    if (typed == nullptr) {
      throwOtherTagType(side.id);
    }
    return *typed;
  }

  std::vector<Side> sides_;
  SideRecorder* recorder_ = nullptr;  // Owned by a test.
};

}  // namespace weir::functions
