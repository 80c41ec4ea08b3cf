#pragma once

#include "common/functions/functions.h"

namespace weir {

/// Forgets every record.
template <typename T>
class DiscardingSink : public SinkFunction<T> {
 public:
  void invoke(const T& /*value*/) override {}
};

}  // namespace weir
