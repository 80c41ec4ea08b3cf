#pragma once

#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace weir {

/// What a TwoPhaseCommitSink threw, with the transaction that it was about and the operator.
class TransactionError : public std::runtime_error {
 public:
  TransactionError(const std::string& text, std::exception_ptr cause)
      : std::runtime_error(text), cause_(std::move(cause)) {}
  /// What was thrown.
  const std::exception_ptr& cause() const { return cause_; }

 private:
  std::exception_ptr cause_;
};

namespace functions {

/// A step of a transaction, for the sentence that tells of its failure.
struct TransactionStep {
  const char* step = "";         ///< "commit", "abort", ...
  std::string transaction;       ///< Its text; empty where its type has none.
  std::uint64_t checkpoint = 0;  ///< That it was prepared for; 0 for none.
  std::string operator_name;
};

/// Throws a TransactionError about the exception that is being handled.
[[noreturn]] void throwTransactionError(const TransactionStep& step);

}  // namespace functions
}  // namespace weir
