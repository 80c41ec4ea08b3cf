#pragma once

#include <string>

#include <boost/property_tree/ptree_fwd.hpp>

#include "common/base/result.h"

namespace weir::http {

/// The elements of an XML document. Errors: kInvalidArgument, with the line, for what is none, and
/// for one that nests deeper than a hundred: who reads it needs the stack for each level.
Result<boost::property_tree::ptree> parseXml(const std::string& text);

}  // namespace weir::http
