#include "common/http/xml.h"

#include <sstream>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

#include "tests/fuzz/fuzz.h"

namespace weir::fuzz {

std::vector<std::string> seeds() {
  std::string deep;
  for (int level = 0; level < 100'000; ++level) {
    deep += "<a>";
  }
  return {"<Error><Code>NoSuchKey</Code><Message>no &lt;key&gt;</Message></Error>",
          "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"a\"><IsTruncated>true</IsTruncated>"
          "<Contents><Key>a%20b</Key><Size>7</Size></Contents><!-- <a> --></ListBucketResult>",
          "<a b='>'/><![CDATA[<x>]]>",
          deep};
}

}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  const std::string bytes(fuzz::view(data, size));
  if (const auto tree = http::parseXml(bytes)) {
    std::ostringstream written;
    boost::property_tree::write_xml(written, *tree);
  } else {
    fuzz::check(!tree.error().text().empty(), "an error says why");
  }
  return 0;
}
