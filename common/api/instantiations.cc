#include "common/api/instantiations.h"

namespace weir::state {

template class Column<std::string>;
template class Column<std::int64_t>;
template class KeyDirectory<std::string>;
template class KeyedBackendOf<std::string>;

}  // namespace weir::state

namespace weir::functions {

template class TypedEdgeReader<std::string>;
template class TypedEdgeWriter<std::string, Blindly>;
template class OneInputOperator<SinkStep, PrintSink, std::string, NoOutput, NoKey, NoSelector>;

}  // namespace weir::functions
