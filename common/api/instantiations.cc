#include "common/api/instantiations.h"

namespace weir::state {

template class Column<std::string>;
template class Column<std::int64_t>;
template class Column<std::uint32_t>;
template class Column<std::uint8_t>;
template class KeyDirectory<std::string>;
template class KeyDirectory<std::uint8_t>;
template class KeyedBackendOf<std::string>;
template class KeyedBackendOf<std::uint8_t>;

}  // namespace weir::state

namespace weir::functions {

template class Output<std::string>;
template class Output<NoOutput>;
template class TypedEdgeReader<std::string>;
template class TypedEdgeWriter<std::string, Blindly>;
template class FunctionOperator<PrintSink, NoKey>;
template class EmittingOperator<PrintSink, NoOutput, NoKey>;
template class OneInputOperator<SinkStep, PrintSink, std::string, NoOutput, NoKey, NoSelector>;

}  // namespace weir::functions

namespace weir {

template class DataStream<std::string>;
template class SingleOutputStreamOperator<std::string>;

}  // namespace weir
