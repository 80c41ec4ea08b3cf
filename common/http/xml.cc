#include "common/http/xml.h"

#include <cstddef>
#include <sstream>
#include <string_view>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>

namespace weir::http {
namespace {

constexpr int kDeepest = 100;

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kBlank = " \t\r\n";

/// Walks over a document as the parser of Boost 1.81 does, which recurses where this counts. It
/// stops where that parser does.
class DepthScan {
 public:
  explicit DepthScan(std::string_view text) : text_(text) {}

  bool isTooDeep() {
    int depth = 0;
    for (at_ = text_.find('<'); at_ < text_.size(); at_ = text_.find('<', at_)) {
      if (starts("</")) {
        --depth;
        at_ = text_.find('>', at_);
      } else if (starts("<!") || starts("<?")) {
        skipAside();
      } else if (opensElement() && ++depth > kDeepest) {
        return true;
      }
    }
    return false;
  }

 private:
  bool starts(std::string_view with) const {
    return at_ < text_.size() && text_.substr(at_).starts_with(with);
  }
  char here() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip(std::string_view chars) { at_ = text_.find_first_not_of(chars, at_); }
  void skipTo(std::string_view chars) { at_ = text_.find_first_of(chars, at_); }

  void skipAside() {
    if (starts("<!--")) {
      at_ = text_.find("-->", at_ + 4);
    } else if (starts("<![CDATA[")) {
      at_ = text_.find("]]>", at_);
    } else if (starts("<?")) {
      at_ = text_.find("?>", at_);
    } else if (starts("<!DOCTYPE") && kBlank.find(text_.substr(at_ + 9, 1)) != kNone) {
      skipDocumentType();
    } else {
      at_ = text_.find('>', at_);
    }
  }
  /// Its brackets may hold others.
  void skipDocumentType() {
    int brackets = 0;
    for (skipTo("[]>"); at_ != kNone; ++at_, skipTo("[]>")) {
      if (here() == '>' && brackets <= 0) {
        return;
      }
      brackets += here() == '[' ? 1 : (here() == ']' ? -1 : 0);
    }
  }

  /// Goes behind a tag that begins an element; whether that has contents.
  bool opensElement() {
    ++at_;
    skipTo(" \t\r\n/>?");
    skip(kBlank);
    while (at_ != kNone && std::string_view("/<>=?!").find(here()) == kNone) {
      if (!skipAttribute()) {
        at_ = kNone;
      }
    }
    const bool contents = here() == '>';
    if (!contents && !starts("/>")) {
      at_ = kNone;
    }
    return contents;
  }

  bool skipAttribute() {
    skipTo(" \t\r\n/<>=?!");
    skip(kBlank);
    if (here() != '=') {
      return false;
    }
    ++at_;
    skip(kBlank);
    const char quote = here();
    if (quote != '"' && quote != '\'') {
      return false;
    }
    at_ = text_.find(quote, at_ + 1);
    if (at_ == kNone) {
      return false;
    }
    ++at_;
    skip(kBlank);
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<boost::property_tree::ptree> parseXml(const std::string& text) {
  if (DepthScan(text).isTooDeep()) {
    return Error(ErrorCode::kInvalidArgument,
                 "its elements nest deeper than " + std::to_string(kDeepest));
  }
  try {
    boost::property_tree::ptree tree;
    std::istringstream in(text);
    boost::property_tree::read_xml(in, tree);
    return tree;
  } catch (const boost::property_tree::xml_parser_error& error) {
    return Error(ErrorCode::kInvalidArgument, error.what());
  }
}

}  // namespace weir::http
