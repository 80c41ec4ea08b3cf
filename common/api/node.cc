#include "common/api/node.h"

namespace weir::api {

OperatorMaker::~OperatorMaker() = default;

NodeSpec::NodeSpec() = default;
NodeSpec::NodeSpec(NodeSpec&& other) noexcept = default;
NodeSpec& NodeSpec::operator=(NodeSpec&& other) noexcept = default;
NodeSpec::~NodeSpec() = default;

void NodeSpec::setMaker(std::unique_ptr<const OperatorMaker> maker) {
  make_factory = [shared = std::shared_ptr<const OperatorMaker>(std::move(maker))](
                     SharedFacts facts) -> functions::OperatorFactory {
    return [shared, facts = std::move(facts)] { return shared->make(*facts); };
  };
}

}  // namespace weir::api
