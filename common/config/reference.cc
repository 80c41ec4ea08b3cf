#include "common/config/reference.h"

#include <nlohmann/json.hpp>

#include "common/base/utf8.h"
#include "common/config/options.h"
#include "common/config/secrets.h"
#include "common/config/value.h"

namespace weir::config {

namespace {

using Json = nlohmann::ordered_json;

template <std::size_t kCount>
std::vector<std::string> listed(const Words<kCount>& words) {
  std::vector<std::string> list;
  for (const std::string_view word : words) {
    if (!word.empty()) {
      list.emplace_back(word);
    }
  }
  return list;
}

/// A cell of a Markdown table: '|' would end it.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    escaped.append(c == '|' ? "\\" : "").push_back(c);
  }
  return escaped;
}

std::string code(std::string_view text) { return text.empty() ? "" : "`" + cell(text) + "`"; }

std::string aliasText(const OptionInfo& option, bool markdown) {
  std::string text;
  for (const std::string& alias : listed(option.aliases)) {
    text += (text.empty() ? "" : ", ") + (markdown ? code(alias) : alias);
  }
  return text;
}

std::string refusedText(const OptionInfo& option) {
  std::string text;
  for (const std::string& value : listed(option.refused)) {
    text += (text.empty() ? "" : ", ") + value;
  }
  return text.empty() ? "" : text + " " + std::string(option.refused_because);
}

std::string markdownLine(const OptionInfo& option) {
  std::string meaning(option.meaning);
  if (const std::string refused = refusedText(option); !refused.empty()) {
    meaning += " " + refused + ".";
  }
  if (const std::string aliases = aliasText(option, true); !aliases.empty()) {
    meaning += " Also " + aliases + ".";
  }
  if (option.audience == Audience::kTuning) {
    meaning += " For tuning.";
  } else if (option.audience == Audience::kScripts) {
    meaning += " For the scripts.";
  }
  return "| " + code(option.key) + " | " + code(option.fallback) + " | " +
         cell(describeAllowed(option)) + " | " + meaning + " |\n";
}

Json toJson(const Configuration::Description& description) {
  const OptionInfo& option = *description.option;
  return {{"key", option.key},
          {"value", shownValue(option.key, description.value)},
          {"source", description.source},
          {"default", option.fallback},
          {"type", toString(option.type)},
          {"meaning", option.meaning},
          {"allowed", describeAllowed(option)},
          {"aliases", listed(option.aliases)}};
}

/// Paths of files are the user's and need not be UTF-8.
std::string dumped(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

constexpr std::string_view kHead = R"(# conf: what can be set

`flink-conf.yaml` holds `key: value` a line, as in Flink 1.0, or the same keys nested as YAML, in UTF-8. `#` begins a comment
where it begins a line or follows a blank; a line that is not understood is an error. `masters` names the job manager's host
and web port, `workers` one host of a task manager a line; the scripts in `bin/` read them. `-D key=value` on the command
line of a daemon or of `weir run` comes before the file. `weir config` shows what is in force and where it comes from; this
page is made from the same table.

A wrong value stops a daemon, and so does a key that is unknown or given twice, unless `config.strict` is `false`. Names of
newer Flink versions are accepted beside each option's own. Durations are written `10 s`, `500 ms`, `1 min` or `PT10S`, a bare
number is milliseconds; memory sizes `64 mb` or `10485760`, in steps of 1024.
)";

constexpr std::string_view kIgnoredHead = R"(
## Ignored

Keys of Flink that have no effect here. They are named in the log, with the reason; `*` stands for any rest.

| key | it |
| --- | --- |
)";

}  // namespace

std::string renderMarkdown() {
  std::string page(kHead);
  for (const Area& area : allAreas()) {
    page += "\n## " + std::string(area.title) +
            "\n\n| key | default | allowed | meaning |\n| --- | --- | --- | --- |\n";
    for (const OptionInfo* option : area.options) {
      page += markdownLine(*option);
    }
  }
  page += kIgnoredHead;
  for (const IgnoredKey& ignored : allIgnoredKeys()) {
    page += "| " + code(ignored.key) + " | " + cell(ignored.reason) + " |\n";
  }
  return page;
}

std::string renderText(const Configuration& configuration) {
  std::string text;
  for (const Area& area : allAreas()) {
    text += (text.empty() ? "# " : "\n# ") + std::string(area.title) + "\n";
    for (const OptionInfo* option : area.options) {
      const auto description = configuration.describe(*option);
      const std::string value = escaped(shownValue(option->key, description.value));
      const std::string line = std::string(option->key) + ":" + (value.empty() ? "" : " " + value);
      const std::string source = "  # " + escaped(description.source) + "\n";
      // A terminal has 80 columns.
      text += line + (line.size() + source.size() <= 81 ? "" : "\n") + source;
    }
  }
  return text;
}

std::string renderText(const Configuration::Description& description) {
  const OptionInfo& option = *description.option;
  const auto line = [](std::string_view name, const std::string& value) {
    return value.empty() ? std::string() : "  " + std::string(name) + ": " + escaped(value) + "\n";
  };
  const std::string value = escaped(shownValue(option.key, description.value));
  return std::string(option.key) + ":" + (value.empty() ? "" : " " + value) + "\n" +
         line("where from", description.source) + line("default", std::string(option.fallback)) +
         line("type", std::string(toString(option.type))) +
         line("allowed", describeAllowed(option)) + line("refused", refusedText(option)) +
         line("also", aliasText(option, false)) + line("meaning", std::string(option.meaning));
}

std::string renderJson(const Configuration& configuration) {
  Json options = Json::array();
  for (const Area& area : allAreas()) {
    for (const OptionInfo* option : area.options) {
      options.push_back(toJson(configuration.describe(*option)));
    }
  }
  return dumped({{"options", options}});
}

std::string renderJson(const Configuration::Description& description) {
  return dumped(toJson(description));
}

std::string adviceForUnknownKey(std::string_view key) {
  const std::string meant = nearestKey(key);
  return meant.empty() ? "'weir config' lists all keys"
                       : "the nearest known key is '" + meant + "'";
}

}  // namespace weir::config
