#!/usr/bin/env python3
"""Holds files and functions against the sizes that they may have, and headers against cycles.

Fails where
  - a function has more than 60 lines, from its first line to its closing brace, tables in it (static const) aside,
  - a source file has more than 600 lines, or a header more than 300; tests count as sources,
  - a class has more than 400 lines: a header that defines one, with the source file beside it,
  - headers include one another in a circle,
  - a source file does not include its own header first: whatever it lacks would go unseen.
"""
import bisect
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_FUNCTION_LINES = 60
MOST_LINES = {".h": 300, ".cc": 600}
MOST_CLASS_LINES = 400
PROCESSES = ("common/", "jobmanager/", "taskmanager/")
CLASS = re.compile(r"^(?:template\b[^;{]*?)?class (\w+)[^;{()]*\{", re.M)
# What is larger today, about how large it may be, and why. It is to shrink.
LARGER_CLASSES = {
    "common/client/job_manager_client.h": 550,  # With its state in the source file, so that nobody else includes gRPC.
    "common/api/program.h": 450,  # Its header is installed: what programs compile against stays in one place.
    "common/offline/value_json.h": 500,  # One case for each kind of schema.
    "common/state/keyed_backend.h": 700,  # With FrozenState, a view of its tables; a second tier is to stand below them.
    "jobmanager/web/http_server.h": 450,  # With its connections, in the source file.
    "taskmanager/daemon/session/session_client.h": 540,  # With all of its state in the source file, so that nobody else includes gRPC.
    "taskmanager/daemon/supervision/data_port.h": 450,  # With what waits for its hello, in the source file.
    "taskmanager/daemon/supervision/launched_worker.h": 500,  # With three plain structures of a start.
    "taskmanager/worker/checkpoint/snapshot_store.h": 550,  # With where it writes (Target) and what was frozen (Taken), in the source file.
}
NOT_A_FUNCTION = re.compile(r"^(if|for|while|switch|do|else|try|catch|namespace|class|struct|union|enum|extern|return)\b")
TYPE_BEHIND_CONSTRAINT = re.compile(r"\b(class|struct|union)\b[^()]*$")
TABLE = re.compile(r"^( *)static const(?:expr)?\b[^\n]*= *\{\n.*?^\1\};", re.S | re.M)


def blanked(text):
    """The text with comments, strings and characters as blanks: every line and column stays where it is."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(?P<d>[^()\\\s]{0,16})\(.*?\)(?P=d)"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-zA-Z])\'(?:\\.|[^\'\\\n])*\'',
        re.S,
    )
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def functions(text):
    """(first line, number of lines without tables, what stands before the brace) of every function that is no lambda in one."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\\n|\\)*", lambda m: re.sub(r"[^\n]", " ", m.group()), blanked(text), flags=re.M)
    open_braces, start, line = [], 0, 1
    lines_at = [0]
    for i, c in enumerate(text):
        if c == "\n":
            lines_at.append(i + 1)

    def line_of(position):
        return bisect.bisect_right(lines_at, position)

    depth = 0  # Of parentheses: a brace inside them initializes something, or begins a lambda.
    for i, c in enumerate(text):
        if c == "(":
            depth += 1
        elif c == ")":
            depth -= 1
        elif c == ";" and depth == 0:
            start = i + 1
        elif c == "{":
            head = text[start:i]
            stripped = head.lstrip()
            inside = any(kind for _, kind, _ in open_braces)
            is_function = not inside and depth == 0 and ")" in head and not NOT_A_FUNCTION.match(stripped)
            is_function = is_function and not TYPE_BEHIND_CONSTRAINT.search(stripped)
            first = start + len(head) - len(stripped)
            open_braces.append((first, is_function, stripped))
            if depth == 0:
                start = i + 1
        elif c == "}" and open_braces:
            first, is_function, head = open_braces.pop()
            if is_function:
                begin = line_of(first)
                tables = sum(match.group().count("\n") for match in TABLE.finditer(text, first, i))
                yield begin, line_of(i) - begin + 1 - tables, " ".join(head.split())
            if depth == 0:
                start = i + 1


def included(path, text):
    for match in re.finditer(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
        if (ROOT / match.group(1)).exists():
            yield match.group(1)
        elif (path.parent / match.group(1)).exists():
            yield str((path.parent / match.group(1)).resolve().relative_to(ROOT))


def cycles(graph):
    """Every circle of headers once, as the list of its names (Tarjan's strongly connected components)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            component = []
            while True:
                member = stack.pop()
                on_stack.discard(member)
                component.append(member)
                if member == node:
                    break
            if len(component) > 1:
                found.append(sorted(component))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def class_errors(name, path, text):
    """What is wrong with the size of a header and the source file beside it, if they make up a class."""
    source = path.with_suffix(".cc")
    if path.suffix != ".h" or not name.startswith(PROCESSES) or not source.exists():
        return
    classes = CLASS.findall(blanked(text))
    lines = text.count("\n") + source.read_text().count("\n")
    most = LARGER_CLASSES.get(name, MOST_CLASS_LINES)
    if classes and lines > most:
        yield f"{name}: {', '.join(classes)} with its source file has {lines} lines, more than {most}; split it by meaning"
    if name in LARGER_CLASSES and lines <= MOST_CLASS_LINES:
        yield f"{name}: has {lines} lines by now; take it off the list of larger classes"


def check():
    listed = subprocess.run(["git", "ls-files", "*.h", "*.cc"], cwd=ROOT, capture_output=True, text=True, check=True)
    errors, graph = [], {}
    for name in listed.stdout.split():
        path = ROOT / name
        if not path.exists():
            continue
        text = path.read_text()
        lines = text.count("\n")
        if lines > MOST_LINES[path.suffix]:
            errors.append(f"{name}: {lines} lines; split it by meaning")
        errors.extend(class_errors(name, path, text))
        for line, length, head in functions(text):
            if length > MOST_FUNCTION_LINES:
                errors.append(f"{name}:{line}: a function of {length} lines: {head[:60]}; split it by meaning")
        ours = list(included(path, text))
        if path.suffix == ".h":
            graph[name] = ours
        elif path.with_suffix(".h").exists():
            own = str(path.with_suffix(".h").relative_to(ROOT))
            if not ours or ours[0] != own:
                errors.append(f"{name}: includes {ours[0] if ours else 'nothing of ours'} before {own}")
    for circle in cycles(graph):
        errors.append("headers include one another in a circle: " + ", ".join(circle))
    return errors


if __name__ == "__main__":
    found = check()
    print("\n".join(found) if found else "sizes: in order")
    sys.exit(1 if found else 0)
