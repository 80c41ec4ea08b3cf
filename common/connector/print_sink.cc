#include "common/connector/print_sink.h"

#include "common/connector/raise.h"
#include "common/connector/write_all.h"

namespace weir {

void PrintSink::open(RuntimeContext& context) {
  context_ = &context;
  if (context.getNumberOfParallelSubtasks() > 1) {
    prefix_ = std::to_string(context.getIndexOfThisSubtask() + 1) + "> ";
  }
}

void PrintSink::invoke(const std::string& line) {
  line_ = prefix_;
  line_ += line;
  line_ += '\n';
  context_->enforceLease();
  connector::orRaise(connector::writeAll(
      fd_, line_, fd_ == 1 ? "standard output of the worker" : "standard error of the worker"));
}

}  // namespace weir
