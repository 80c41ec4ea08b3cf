#include <algorithm>

#include "common/schema/schema_match.h"

namespace weir::record {

namespace {

int indexOf(const Schema& in, const std::string& name) {
  for (std::size_t i = 0; i < in.fields.size(); ++i) {
    if (in.fields[i].name == name) {
      return static_cast<int>(i);
    }
  }
  return kNoField;
}

bool isScalar(SchemaKind kind) {
  return kind == SchemaKind::kInt || kind == SchemaKind::kUint || kind == SchemaKind::kFloat;
}

bool widens(const Schema& old, const Schema& now) {
  if (old.kind == SchemaKind::kFloat || now.kind == SchemaKind::kFloat) {
    return old.kind == now.kind && old.width == 4 && now.width == 8;
  }
  return old.width < now.width && (old.kind == now.kind || old.kind == SchemaKind::kUint);
}

/// Collects what has changed, walking both schemas at once.
class Comparer {
 public:
  SchemaComparison compare(const Schema& old, const Schema& now) {
    walk(old, now, "");
    if (!obstacle_.empty()) {
      return {SchemaMatch::kIncompatible, obstacle_};
    }
    return {changes_.empty() ? SchemaMatch::kEqual : SchemaMatch::kCompatible, changes_};
  }
  const std::vector<std::string>& gone() const { return gone_; }

 private:
  void change(const std::string& what) { changes_ += (changes_.empty() ? "" : ", ") + what; }
  void refuse(const std::string& what) { obstacle_ += (obstacle_.empty() ? "" : ", ") + what; }
  void refuse(const std::string& path, const Schema& old, const Schema& now) {
    refuse((path.empty() ? "" : "'" + path + "' ") + "was " + describeSchema(old) + " and is " +
           describeSchema(now) + " now");
  }

  void walk(const Schema& old, const Schema& now, const std::string& path) {
    if (isScalar(old.kind) && isScalar(now.kind)) {
      return walkScalar(old, now, path);
    }
    if (old.kind != now.kind) {
      return refuse(path, old, now);
    }
    switch (old.kind) {
      case SchemaKind::kStruct:
        return walkStruct(old, now, path);
      case SchemaKind::kVariant:
        return walkVariant(old, now, path);
      case SchemaKind::kCustom:
        return walkCustom(old, now, path);
      default:
        break;
    }
    if (old.width != now.width || old.name != now.name || old.fields.size() != now.fields.size()) {
      return refuse(path, old, now);
    }
    for (std::size_t i = 0; i < old.fields.size(); ++i) {
      walk(old.fields[i].schema, now.fields[i].schema, path);
    }
  }

  void walkScalar(const Schema& old, const Schema& now, const std::string& path) {
    if (old == now) {
      return;
    }
    if (!widens(old, now)) {
      return refuse(path, old, now);
    }
    change((path.empty() ? "" : "'" + path + "' ") + "widened from " + describeSchema(old) +
           " to " + describeSchema(now));
  }

  void walkStruct(const Schema& old, const Schema& now, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    const std::vector<int> match = matchFields(old, now);
    int before = kNoField;
    bool in_order = true;
    for (std::size_t i = 0; i < now.fields.size(); ++i) {
      const SchemaField& field = now.fields[i];
      if (match[i] == kNoField) {
        change("'" + prefix + field.name + "' is new");
        continue;
      }
      const SchemaField& was = old.fields[match[i]];
      if (was.name != field.name) {
        change("'" + prefix + was.name + "' is called '" + field.name + "' now");
      }
      in_order = in_order && match[i] > before;
      before = match[i];
      walk(was.schema, field.schema, prefix + field.name);
    }
    if (!in_order) {
      change("the members" + (path.empty() ? "" : " of '" + path + "'") + " changed their order");
    }
    for (std::size_t i = 0; i < old.fields.size(); ++i) {
      if (std::find(match.begin(), match.end(), static_cast<int>(i)) == match.end()) {
        change("'" + prefix + old.fields[i].name + "' is gone");
        gone_.push_back(prefix + old.fields[i].name);
      }
    }
  }

  void walkVariant(const Schema& old, const Schema& now, const std::string& path) {
    if (old.fields.size() > now.fields.size()) {
      return refuse(path, old, now);
    }
    for (std::size_t i = 0; i < old.fields.size(); ++i) {
      walk(old.fields[i].schema, now.fields[i].schema, path);
    }
    if (old.fields.size() < now.fields.size()) {
      change((path.empty() ? "the variant" : "'" + path + "'") + " has more alternatives");
    }
  }

  void walkCustom(const Schema& old, const Schema& now, const std::string& path) {
    if (old.name != now.name) {
      return refuse(path, old, now);
    }
    if (old.version == now.version) {
      return;
    }
    if (old.version > now.version) {
      return refuse((path.empty() ? "" : "'" + path + "' ") + "was written by version " +
                    std::to_string(old.version) + " of its serializer and this program has " +
                    std::to_string(now.version));
    }
    if (!now.reads_older) {
      return refuse((path.empty() ? "" : "'" + path + "' ") + "was written by version " +
                    std::to_string(old.version) +
                    " of its serializer, which has no read(Reader&, version) for it");
    }
    change("version " + std::to_string(old.version) + " of '" + now.name + "' is read by version " +
           std::to_string(now.version));
  }

  std::vector<std::string> gone_;
  std::string changes_;
  std::string obstacle_;
};

}  // namespace

std::vector<int> matchFields(const Schema& old, const Schema& now) {
  std::vector<int> match;
  for (const SchemaField& field : now.fields) {
    int found = indexOf(old, field.name);
    for (const std::string& former : field.former_names) {
      if (found == kNoField && indexOf(now, former) == kNoField) {
        found = indexOf(old, former);
      }
    }
    match.push_back(found);
  }
  return match;
}

std::vector<std::string> goneMembers(const Schema& old, const Schema& now) {
  Comparer comparer;
  return comparer.compare(old, now).match == SchemaMatch::kIncompatible ? std::vector<std::string>()
                                                                        : comparer.gone();
}

SchemaComparison compareSchemas(const Schema& old, const Schema& now) {
  return Comparer().compare(old, now);
}

}  // namespace weir::record
