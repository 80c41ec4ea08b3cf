#!/usr/bin/env python3
"""Holds every #include against the order of folders in the top CMakeLists.txt.

Linking alone does not stop an include, so this reads them all and fails where
  - a folder includes one that is not in its USES,
  - a USES entry does not stand earlier in WEIR_ORDER, or belongs to the other process,
  - a *.pb.h is included outside wire/, rpc/, client/, session/ and journal/,
  - a folder with code has no README.md, or one of more than fifteen lines, or one whose **Knows** lacks a folder that it uses.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
KNOWN_BY_ALL = {"base", "config", "telemetry", "concurrency"}
PROTO_ALLOWED = re.compile(r"(^|/)(wire|rpc|client|session|journal)(/|$)")


def order():
    text = re.sub(r"#.*", "", (ROOT / "CMakeLists.txt").read_text())
    folders = re.search(r"set\(WEIR_ORDER(.*?)\)", text, re.S).group(1).split()
    crossing = re.search(r"set\(WEIR_MAY_CROSS(.*?)\)", text, re.S).group(1).split()
    return folders, crossing


def uses_of(folder):
    text = (ROOT / folder / "CMakeLists.txt").read_text()
    text = re.sub(r"#.*", "", text)
    call = re.search(r"weir_library\((.*?)\)", text, re.S)
    if not call:
        return []
    words = call.group(1).split()
    used, inside = [], False
    for word in words:
        if word in ("SOURCES", "USES", "LINKS"):
            inside = word == "USES"
        elif inside:
            used.append(word)
    return used


def folder_of(path, folders):
    best = None
    for folder in folders:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def check():
    folders, crossing = order()
    present = [f for f in folders if (ROOT / f / "CMakeLists.txt").exists()]
    errors = []
    for folder in present:
        used = uses_of(folder)
        for other in used:
            process = folder.split("/")[0]
            allowed = other.split("/")[0] in ("common", "proto", process) or folder in crossing
            if other not in folders or folders.index(other) >= folders.index(folder) or not allowed:
                errors.append(f"{folder}/CMakeLists.txt: may not use {other}")
        nested = [f for f in folders if f.startswith(folder + "/")]
        files = [p for p in sorted((ROOT / folder).rglob("*")) if p.suffix in (".h", ".cc")]
        for path in files:
            name = str(path.relative_to(ROOT))
            if any(name.startswith(n + "/") for n in nested):
                continue
            text = path.read_text()
            for number, line in enumerate(text.splitlines(), 1):
                match = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
                if not match:
                    continue
                target = match.group(1)
                if target.endswith(".pb.h") and not PROTO_ALLOWED.search(folder):
                    errors.append(f"{name}:{number}: protocol messages stop at the border: {target}")
                owner = folder_of(target, folders)
                if owner and owner != folder and owner not in used:
                    errors.append(f"{name}:{number}: includes {target}, but {owner} is not in USES of {folder}")
        if files:
            readme = ROOT / folder / "README.md"
            if not readme.exists():
                errors.append(f"{folder}: has no README.md")
            elif readme.read_text().count("\n") > 15:
                errors.append(f"{folder}/README.md: more than fifteen lines")
            else:
                known = re.search(r"\*\*Knows\*\*(.*?)(\*\*Must not know|\Z)", readme.read_text(), re.S)
                words = set(re.findall(r"[a-z0-9]+", known.group(1))) if known else set()
                below = known is not None and "every folder below it" in known.group(1)
                unnamed = [
                    u
                    for u in used
                    if u.split("/")[-1] not in words | KNOWN_BY_ALL and not (below and u.startswith(folder + "/"))
                ]
                if unnamed:
                    errors.append(f"{folder}/README.md: does not say that it knows {', '.join(unnamed)}")
    return errors


if __name__ == "__main__":
    found = check()
    print("\n".join(found) if found else "includes: in order")
    sys.exit(1 if found else 0)
