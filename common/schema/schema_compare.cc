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

bool widens(const Schema& old, const Schema& current) {
  if (old.kind == SchemaKind::kFloat || current.kind == SchemaKind::kFloat) {
    return old.kind == current.kind && old.width == 4 && current.width == 8;
  }
  return old.width < current.width && (old.kind == current.kind || old.kind == SchemaKind::kUint);
}

/// Collects what has changed, walking both schemas at once.
class Comparer {
 public:
  SchemaComparison compare(const Schema& old, const Schema& current) {
    if (isExpiring(old) == isExpiring(current)) {
      walk(old, current, "");
    } else if (isExpiring(current)) {
      walk(old, current.fields[0].schema, "");
      change("entries expire now, and count as accessed when they are restored");
    } else {
      walk(old.fields[0].schema, current, "");
      change("entries expire no more");
    }
    if (!obstacle_.empty()) {
      return {SchemaMatch::kIncompatible, obstacle_};
    }
    return {changes_.empty() ? SchemaMatch::kEqual : SchemaMatch::kCompatible, changes_};
  }
  const std::vector<std::string>& gone() const { return gone_; }

 private:
  void change(const std::string& what) { changes_ += (changes_.empty() ? "" : ", ") + what; }
  void refuse(const std::string& what) { obstacle_ += (obstacle_.empty() ? "" : ", ") + what; }
  void refuse(const std::string& path, const Schema& old, const Schema& current) {
    refuse((path.empty() ? "" : "'" + path + "' ") + "was " + describeSchema(old) + " and is " +
           describeSchema(current) + " now");
  }

  void walk(const Schema& old, const Schema& current, const std::string& path) {
    if (isScalar(old.kind) && isScalar(current.kind)) {
      return walkScalar(old, current, path);
    }
    if (old.kind != current.kind) {
      return refuse(path, old, current);
    }
    switch (old.kind) {
      case SchemaKind::kStruct:
        return walkStruct(old, current, path);
      case SchemaKind::kVariant:
        return walkVariant(old, current, path);
      case SchemaKind::kCustom:
        return walkCustom(old, current, path);
      default:
        break;
    }
    if (old.width != current.width || old.name != current.name ||
        old.fields.size() != current.fields.size()) {
      return refuse(path, old, current);
    }
    for (std::size_t i = 0; i < old.fields.size(); ++i) {
      walk(old.fields[i].schema, current.fields[i].schema, path);
    }
  }

  void walkScalar(const Schema& old, const Schema& current, const std::string& path) {
    if (old == current) {
      return;
    }
    if (!widens(old, current)) {
      return refuse(path, old, current);
    }
    change((path.empty() ? "" : "'" + path + "' ") + "widened from " + describeSchema(old) +
           " to " + describeSchema(current));
  }

  void walkStruct(const Schema& old, const Schema& current, const std::string& path) {
    const std::string prefix = path.empty() ? "" : path + ".";
    const std::vector<int> match = matchFields(old, current);
    int before = kNoField;
    bool in_order = true;
    for (std::size_t i = 0; i < current.fields.size(); ++i) {
      const SchemaField& field = current.fields[i];
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

  void walkVariant(const Schema& old, const Schema& current, const std::string& path) {
    if (old.fields.size() > current.fields.size()) {
      return refuse(path, old, current);
    }
    for (std::size_t i = 0; i < old.fields.size(); ++i) {
      walk(old.fields[i].schema, current.fields[i].schema, path);
    }
    if (old.fields.size() < current.fields.size()) {
      change((path.empty() ? "the variant" : "'" + path + "'") + " has more alternatives");
    }
  }

  void walkCustom(const Schema& old, const Schema& current, const std::string& path) {
    if (old.name != current.name) {
      return refuse(path, old, current);
    }
    if (old.version == current.version) {
      return;
    }
    if (old.version > current.version) {
      return refuse((path.empty() ? "" : "'" + path + "' ") + "was written by version " +
                    std::to_string(old.version) + " of its serializer and this program has " +
                    std::to_string(current.version));
    }
    if (!current.reads_older) {
      return refuse((path.empty() ? "" : "'" + path + "' ") + "was written by version " +
                    std::to_string(old.version) +
                    " of its serializer, which has no read(Reader&, version) for it");
    }
    change("version " + std::to_string(old.version) + " of '" + current.name +
           "' is read by version " + std::to_string(current.version));
  }

  std::vector<std::string> gone_;
  std::string changes_;
  std::string obstacle_;
};

}  // namespace

bool isExpiring(const Schema& schema) {
  return schema.kind == SchemaKind::kStruct && schema.fields.size() == 2 &&
         schema.fields[1].name == kLastAccess;
}

std::vector<int> matchFields(const Schema& old, const Schema& current) {
  std::vector<int> match;
  for (const SchemaField& field : current.fields) {
    int found = indexOf(old, field.name);
    for (const std::string& former : field.former_names) {
      if (found == kNoField && indexOf(current, former) == kNoField) {
        found = indexOf(old, former);
      }
    }
    match.push_back(found);
  }
  return match;
}

std::vector<std::string> goneMembers(const Schema& old, const Schema& current) {
  Comparer comparer;
  return comparer.compare(old, current).match == SchemaMatch::kIncompatible
             ? std::vector<std::string>()
             : comparer.gone();
}

bool keepsKeyHash(const Schema& old, const Schema& current) {
  const bool is_struct = old.kind == SchemaKind::kStruct;
  if (is_struct && old.fields.size() != current.fields.size()) {
    return false;
  }
  const std::vector<int> match = is_struct ? matchFields(old, current) : std::vector<int>();
  for (std::size_t i = 0; i < std::min(old.fields.size(), current.fields.size()); ++i) {
    if ((is_struct && match[i] != static_cast<int>(i)) ||
        !keepsKeyHash(old.fields[i].schema, current.fields[i].schema)) {
      return false;
    }
  }
  return true;
}

SchemaComparison compareSchemas(const Schema& old, const Schema& current) {
  return Comparer().compare(old, current);
}

}  // namespace weir::record
