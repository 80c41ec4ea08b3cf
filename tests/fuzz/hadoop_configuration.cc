#include "common/hdfs/hadoop_configuration.h"

#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {
namespace {

std::string property(const std::string& name, const std::string& value, bool final = false) {
  return "<property><name>" + name + "</name><value>" + value + "</value>" +
         (final ? "<final>true</final>" : "") + "</property>";
}

}  // namespace

std::vector<std::string> seeds() {
  return {"<configuration>" + property("fs.defaultFS", "hdfs://${host}:8020") +
              property("host", "name-node", true) + "</configuration>",
          "<configuration>" + property("a", "${b}${b}") + property("b", "${a}${env.HOME}") +
              "</configuration>"};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string bytes(fuzz::view(data, size));
  hdfs::HadoopConfiguration configuration;
  const Status added = configuration.add(bytes, "core-site.xml");
  fuzz::check(added || !added.error().text().empty(), "an error says why");
  for (const auto& [name, value] : configuration.startingWith("")) {
    fuzz::check(configuration.get(name) == value, "a property has one value");
  }
  return 0;
}
