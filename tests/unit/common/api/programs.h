#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/api/run.h"
#include "common/api/weir.h"
#include "tests/unit/common/functions/fakes.h"

namespace weir {

struct Sale {
  std::string item;
  double price = 0;
  bool operator==(const Sale&) const = default;
};

/// What a program in worker mode is told.
api::WorkerStart& startOfWorker();

/// What a source emits until its end.
template <typename T>
std::vector<T> emittedBy(std::unique_ptr<functions::Operator> source) {
  functions::FakeContext context;
  functions::Received<T> received;
  source->setup(context);
  source->addOutput(received);
  source->open();
  while (source->poll(100) != InputStatus::kEndOfInput) {
  }
  source->close();
  return received.records;
}

}  // namespace weir
