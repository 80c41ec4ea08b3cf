#include "common/functions/transaction_error.h"

#include <cstddef>

#include "common/base/text.h"

namespace weir::functions {
namespace {

constexpr std::size_t kMostTransactionBytes = 1024;  // A name, not its content.

}  // namespace

void throwTransactionError(const TransactionStep& step) {
  std::string text = std::string("could not ") + step.step;
  if (step.transaction.empty()) {
    text += " a transaction";
  } else {
    text += " transaction '" + cutText(step.transaction, kMostTransactionBytes) + "'";
  }
  text += " of operator '" + step.operator_name + "'";
  if (step.checkpoint > 0) {
    text += " for checkpoint " + std::to_string(step.checkpoint);
  }
  throw TransactionError(text, std::current_exception());
}

}  // namespace weir::functions
