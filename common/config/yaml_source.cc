#include "common/config/yaml_source.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "common/config/source_error.h"

namespace weir::config {

namespace {

/// The items as a list is written flat; nullopt where one has a comma and would become two.
std::optional<std::string> joinItems(const YAML::Node& list) {
  std::string joined;
  for (const YAML::Node& item : list) {
    if (item.Scalar().find(',') != std::string::npos) {
      return std::nullopt;
    }
    joined += (joined.empty() ? "" : ",") + item.Scalar();
  }
  return joined;
}

bool isListOfScalars(const YAML::Node& node) {
  return node.IsSequence() && std::all_of(node.begin(), node.end(), [](const YAML::Node& item) {
           return item.IsScalar();
         });
}

constexpr int kDeepest = 32;
constexpr int kMostNodes = 10000;

/// Turns a YAML tree into flat entries. Bounded, as aliases can make a small file endless.
class Flattening {
 public:
  explicit Flattening(const std::string& name) : name_(name) {}

  Status add(const YAML::Node& node, const std::string& prefix, int depth = 0) {
    const int line = node.Mark().line + 1;
    if (depth > kDeepest || ++nodes_ > kMostNodes) {
      return wrongLine(name_, line, "there are too many keys, or they are nested too deeply");
    }
    if (node.IsMap()) {
      return addMap(node, prefix, depth);
    }
    if (node.IsScalar()) {
      entries_.push_back({prefix, node.Scalar(), line});
    } else if (isListOfScalars(node)) {
      const auto items = joinItems(node);
      if (!items) {
        return wrongLine(name_, line, "key '" + prefix + "' has a list with a comma in an item");
      }
      entries_.push_back({prefix, *items, line});
    } else if (node.IsNull()) {
      entries_.push_back({prefix, "", line});
    } else {
      return wrongLine(
          name_, line, "key '" + prefix + "' has a value that is neither text nor a list");
    }
    return ok();
  }
  std::vector<RawEntry> take() { return std::move(entries_); }

 private:
  Status addMap(const YAML::Node& node, const std::string& prefix, int depth) {
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        return wrongLine(name_, node.Mark().line + 1, "a key is not plain text");
      }
      const std::string key = prefix + (prefix.empty() ? "" : ".") + member.first.Scalar();
      const std::size_t before = entries_.size();
      WEIR_RETURN_IF_ERROR(add(member.second, key, depth + 1));
      if (entries_.size() == before + 1 && !member.second.IsMap()) {
        entries_.back().line = member.first.Mark().line + 1;
      }
    }
    return ok();
  }

  const std::string& name_;  // Of the file; the caller's.
  int nodes_ = 0;
  std::vector<RawEntry> entries_;
};

/// What a YAML text says, line by line: where its documents and values begin.
class Outline final : public YAML::EventHandler {
 public:
  struct Event {
    int line = 0;
    bool spreads = false;  ///< A value in quotes, or a block: its text may go on below.
    bool tagged = false;   ///< With a tag of YAML's, which would be passed over.
  };

  void OnDocumentStart(const YAML::Mark& mark) override {
    documents_.push_back({mark.line + 1, false});
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& /*mark*/, YAML::anchor_t /*anchor*/) override {}
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { add(mark, false, ""); }
  void OnScalar(const YAML::Mark& mark,
                const std::string& tag,
                YAML::anchor_t /*anchor*/,
                const std::string& /*value*/) override {
    add(mark, tag == "!", tag);
  }
  void OnSequenceStart(const YAML::Mark& mark,
                       const std::string& tag,
                       YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    add(mark, false, tag);
  }
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark& mark,
                  const std::string& tag,
                  YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    add(mark, false, tag);
  }
  void OnMapEnd() override {}

  /// The line of the first that is one too many, an empty last one not counted; 0: none.
  int surplusDocument() const {
    const bool surplus =
        documents_.size() > 2 || (documents_.size() == 2 && documents_[1].has_value);
    return surplus ? documents_[1].line : 0;
  }
  const std::vector<Event>& events() const { return events_; }

 private:
  struct Document {
    int line = 0;
    bool has_value = false;
  };

  void add(const YAML::Mark& mark, bool spreads, const std::string& tag) {
    documents_.back().has_value = true;
    const bool tagged = !tag.empty() && tag != "?" && tag != "!";  // Those are yaml-cpp's own.
    events_.push_back({mark.line + 1, spreads, tagged});
  }

  std::vector<Document> documents_;
  std::vector<Event> events_;
};

/// A comment, brackets, or the mark of a document: nothing of it can be lost.
bool saysNothing(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == std::string::npos || line[first] == '#' || line == "---" || line == "..." ||
         line.find_first_not_of(" \t[]{},") == std::string::npos;
}

Error surplusDocument(const std::string& name, int number, const std::string& line) {
  return line.starts_with("---") || line.starts_with("...")
             ? wrongLine(name, number, "a second document begins, and only one is read")
                   .advise("leave out the line between them")
             : wrongLine(name, number, "this line does not go on where those before it ended")
                   .advise("indent keys of one level alike, and close each bracket once");
}

/// Checks that every line was understood: a value begins on it, or a quoted one goes on. yaml-cpp
/// joins lines to a plain value, drops directives, and ends a document where indentation ends.
Status checkEveryLine(const std::string& text, const std::string& name) {
  Outline outline;
  std::istringstream input(text);
  YAML::Parser parser(input);
  // Not to the end: where a bracket is closed too often it finds empty documents without end.
  for (int documents = 0; documents < 3 && parser.HandleNextDocument(outline); ++documents) {
  }
  std::istringstream lines(text);
  std::string line;
  auto next = outline.events().begin();
  bool spreads = false;  // Whether the value that stands last so far may go on.
  for (int number = 1; std::getline(lines, line); ++number) {
    bool begins = false;
    for (; next != outline.events().end() && next->line <= number; ++next) {
      begins = begins || next->line == number;
      spreads = next->spreads;
      if (next->tagged) {
        return wrongLine(name, next->line, "a value begins with '!'").advise("put it in quotes");
      }
    }
    if (number == outline.surplusDocument()) {
      return surplusDocument(name, number, line);
    }
    const bool directive = line.starts_with('%');  // yaml-cpp passes over it, after a block too.
    if (directive || (!begins && !spreads && !saysNothing(line))) {
      return wrongLine(name, number, "this line is neither 'key: value' nor part of a list")
          .advise("a value that goes over several lines stands in quotes");
    }
  }
  return outline.surplusDocument() == 0
             ? ok()
             : Status(surplusDocument(name, outline.surplusDocument(), line));
}

/// The first line that has a key and a value, but no blank between; 0: none.
int lineWithoutBlank(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    const std::size_t begin = line.find_first_not_of(" \t");
    const std::size_t end = std::min(line.find(':'), line.size());
    if (begin != std::string::npos && begin < end && end + 1 < line.size() &&
        line.find_first_of(" \t#\"'-[{", begin) > end &&
        std::string_view(" \t:/").find(line[end + 1]) == std::string_view::npos) {
      return number;
    }
  }
  return 0;
}

Error explain(const std::string& text, const std::string& name, int line, std::string what) {
  if (const int unseparated = lineWithoutBlank(text); unseparated > 0) {
    return wrongLine(name, unseparated, "there is no blank after the colon")
        .advise("write 'key: value'");
  }
  return wrongLine(name, line, std::move(what))
      .advise("write 'key: value', with a blank after the colon, and indent nested keys by blanks");
}

}  // namespace

Result<std::vector<RawEntry>> parseYaml(const std::string& text, const std::string& name) {
  try {  // yaml-cpp reports by exception; this is its edge.
    WEIR_RETURN_IF_ERROR(checkEveryLine(text, name));
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) {
      return std::vector<RawEntry>();
    }
    if (!root.IsMap()) {
      return explain(text, name, root.Mark().line + 1, "this is no line of 'key: value'");
    }
    Flattening entries(name);
    WEIR_RETURN_IF_ERROR(entries.add(root, ""));
    return entries.take();
  } catch (const YAML::Exception& error) {
    return explain(text, name, error.mark.line + 1, error.msg);
  }
}

}  // namespace weir::config
