#pragma once

#include <string>
#include <string_view>
#include <type_traits>

#include "common/record/fields.h"

namespace weir::functions {

/// Appends what names a transaction in a sentence: texts, numbers and structures of them; nothing
/// of other types.
template <typename Txn>
void appendTransaction(std::string& to, const Txn& transaction) {
  if constexpr (std::is_convertible_v<const Txn&, std::string_view>) {
    to += std::string_view(transaction);
  } else if constexpr (std::is_arithmetic_v<Txn>) {
    to += std::to_string(transaction);
  } else if constexpr (record::PlainAggregate<Txn>) {
    record::visitFields(transaction, [&to](const auto&... fields) {
      bool first = true;
      const auto one = [&](const auto& field) {
        to += first ? "" : ", ";
        first = false;
        appendTransaction(to, field);
      };
      (one(fields), ...);
    });
  }
}

}  // namespace weir::functions
