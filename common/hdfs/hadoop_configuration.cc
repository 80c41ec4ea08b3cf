#include "common/hdfs/hadoop_configuration.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include <boost/property_tree/ptree.hpp>

#include "common/http/xml.h"

namespace weir::hdfs {
namespace {

std::string trimmed(const std::string& text) {
  constexpr const char* kBlank = " \t\r\n";
  const std::size_t from = text.find_first_not_of(kBlank);
  return from == std::string::npos ? ""
                                   : text.substr(from, text.find_last_not_of(kBlank) + 1 - from);
}

}  // namespace

Result<HadoopConfiguration> HadoopConfiguration::read(const std::string& directory) {
  HadoopConfiguration configuration;
  if (directory.empty()) {
    return configuration;
  }
  bool any = false;
  for (const char* const name : {"core-site.xml", "hdfs-site.xml"}) {
    const std::string path = directory + "/" + name;
    std::ifstream file(path);
    if (!file) {
      continue;
    }
    any = true;
    std::ostringstream text;
    text << file.rdbuf();
    WEIR_RETURN_IF_ERROR(configuration.add(text.str(), path));
  }
  if (!any) {
    return Error(ErrorCode::kInvalidArgument,
                 "neither core-site.xml nor hdfs-site.xml can be read in " + directory)
        .advise("set fs.hdfs.hadoopconf or HADOOP_CONF_DIR to Hadoop's directory of them");
  }
  return configuration;
}

Status HadoopConfiguration::add(const std::string& xml, const std::string& name) {
  const std::string none = name + " is no configuration of Hadoop: ";
  const auto tree = http::parseXml(xml);
  if (!tree) {
    return Error(ErrorCode::kInvalidArgument, none + tree.error().message());
  }
  const auto configuration = tree->get_child_optional("configuration");
  if (!configuration) {
    return Error(ErrorCode::kInvalidArgument, none + "it has no element 'configuration'");
  }
  for (const auto& [element, entry] : *configuration) {
    const std::string key = trimmed(entry.get("name", ""));
    if (element != "property" || key.empty()) {
      continue;
    }
    Property& property = properties_[key];
    if (!property.final) {
      property = {trimmed(entry.get("value", "")), trimmed(entry.get("final", "")) == "true"};
    }
  }
  return ok();
}

std::string HadoopConfiguration::expanded(std::string text) const {
  constexpr int kMostSteps = 20;  // As Hadoop has it: what refers to itself stays as it is.
  for (int step = 0; step < kMostSteps; ++step) {
    const std::size_t from = text.find("${");
    const std::size_t to = text.find('}', from);
    if (from == std::string::npos || to == std::string::npos) {
      break;
    }
    const std::string name = text.substr(from + 2, to - from - 2);
    std::string value;
    if (const auto found = properties_.find(name); found != properties_.end()) {
      value = found->second.value;
    } else if (name.starts_with("env.")) {
      const char* const variable = std::getenv(name.c_str() + 4);
      value = variable == nullptr ? "" : variable;
    } else {
      break;
    }
    text.replace(from, to + 1 - from, value);
  }
  return text;
}

std::string HadoopConfiguration::get(const std::string& name) const {
  const auto found = properties_.find(name);
  return found == properties_.end() ? "" : expanded(found->second.value);
}

std::map<std::string, std::string> HadoopConfiguration::startingWith(
    std::string_view prefix) const {
  std::map<std::string, std::string> values;
  for (auto at = properties_.lower_bound(std::string(prefix));
       at != properties_.end() && at->first.starts_with(prefix);
       ++at) {
    values.emplace(at->first.substr(prefix.size()), expanded(at->second.value));
  }
  return values;
}

}  // namespace weir::hdfs
