#pragma once

#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace weir::hdfs {

/// What Hadoop's core-site.xml and hdfs-site.xml set, as its own programs read them: the later file
/// wins but over what is final, and ${name} stands for another property's value. A value type.
class HadoopConfiguration {
 public:
  HadoopConfiguration() = default;
  /// Reads both files from a directory; one of them may be missing. An empty name: nothing is set.
  /// Errors: kNotFound for a directory with neither, kInvalidArgument for what is no such XML.
  static Result<HadoopConfiguration> read(const std::string& directory);
  /// Adds the properties of one document. `name` is for messages.
  Status add(const std::string& xml, const std::string& name);

  /// The value of a property; empty when it is not set.
  std::string get(const std::string& name) const;
  /// All that begin so, by what follows.
  std::map<std::string, std::string> startingWith(std::string_view prefix) const;

 private:
  std::string expanded(std::string text) const;

  struct Property {
    std::string value;
    bool final = false;
  };
  std::map<std::string, Property> properties_;
};

}  // namespace weir::hdfs
