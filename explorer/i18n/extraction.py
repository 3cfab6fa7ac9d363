"""Extraction: the visitors' words of the sources, an extraction method for babel each for Python and for scripts.

A module's strings are its words where they look like words: two words or more, or one that begins with a capital; a
single small word only beside such, in a text that it is set into, or as a label. An f-string, a sum of strings and a
string that is formatted are templates: `{loss}` stands for a value, and a comment says which values are numbers.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from explorer.i18n.filled import called, is_ending, is_number, leaves, placeholder, plain, unique
from explorer.i18n.looks import NOT_WORDS, PHRASE, READ_IN_TAGS, TAG, is_read, is_template, is_words

TEMPLATE = "is filled in"  # the comment on a message whose braces are placeholders
NUMBERS = "numbers: "  # the comment that lists its placeholders that are numbers
STAYS = "stay: "  # the comment that lists those that are somebody's words
GRAMMAR = "may be left out: "  # the comment that lists those that are English endings or verbs

KEYS = {"key", "type", "icon", "bind", "dtype", "encoding", "mode", "gap", "border", "alignment", "args", "on_click"}
LABELS = {
    "title",
    "label",
    "help",
    "caption",
    "placeholder",
    "text",
    "what",
    "body",
    "name",
    "unit",
    "spoken",
    *("heading", "words", "description"),
}
OPAQUE = {  # calls whose strings nobody reads
    *(
        "startswith",
        "endswith",
        "split",
        "rsplit",
        "partition",
        "rpartition",
        "removeprefix",
        "removesuffix",
        "replace",
    ),
    *("encode", "decode", "getattr", "setattr", "hasattr", "compile", "sub", "subn", "match", "fullmatch", "findall"),
    *("finditer", "execute", "executemany", "executescript", "TypeVar", "Literal", "cast", "glob", "rglob", "print"),
    *("import_module", "strftime", "debug", "count", "index", "find", "strip", "lstrip", "rstrip", "einsum", "bytes"),
    *("AssertionError", "NotImplementedError", "KeyError", "transform_calculate", "transform_filter", "RuntimeError"),
    *("run", "Popen", "css", "setdefault", "pop"),
    "word",  # of course_words.py, by its key: these stand there in both languages
}
SHOWN = {  # calls of Streamlit's whose first string is read by a visitor, however short
    *("button", "caption", "markdown", "write", "selectbox", "radio", "slider", "select_slider", "toggle", "checkbox"),
    *("text_input", "text_area", "number_input", "expander", "popover", "info", "warning", "error", "success", "toast"),
    *("metric", "title", "header", "subheader", "segmented_control", "pills", "tabs", "multiselect", "download_button"),
    *("link_button", "page_link", "file_uploader", "status", "spinner", "dialog", "Axis", "Legend", "Tooltip"),
}


class Words(NamedTuple):
    """A message: its line, its text, and the comments that say what its placeholders are."""

    line: int
    text: str
    comments: tuple[str, ...] = ()


def python(fileobj: Any, keywords: Any, comment_tags: Any, options: Any) -> Iterator[tuple]:
    """Babel's extraction method for a module of ours. options: {"only": "raised"} takes what is raised alone."""
    tree = ast.parse(fileobj.read())
    raised = (options or {}).get("only") == "raised"
    trees = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc] if raised else [tree]
    for part in trees:
        for words in Reader().read(part):
            yield words.line, None, words.text, list(words.comments)


class Reader:
    """Walks a syntax tree and collects what visitors read."""

    def __init__(self) -> None:
        self.messages: list[Words] = []

    def read(self, tree: ast.AST) -> list[Words]:
        """The messages of a tree, in the order in which they stand."""
        self.visit(tree, False)
        unique = dict.fromkeys(sorted(self.messages, key=lambda words: words.line))
        return list(unique)

    def visit(self, node: ast.AST | None, label: bool) -> None:
        """label: this stands where a visitor reads it, so that a single small word is one of the visitor's."""
        match node:
            case None:
                return
            case ast.Constant(value=str(text)):
                if is_words(text, label):
                    self.add(node, text)
            case ast.JoinedStr() | ast.BinOp(op=ast.Add()) if leaves(node):
                self.template(node, label)
            case ast.Expr(value=ast.Constant()) | ast.arg() | ast.Compare() | ast.match_case(pattern=ast.MatchValue()):
                self.within(node, label)
            case ast.Subscript():
                self.visit(node.value, label)
                if getattr(node.value, "id", "") == "Annotated":
                    self.annotation(node.slice)
            case ast.Assert():
                return
            case ast.AnnAssign():
                self.annotation(node.annotation)
                self.visit(node.value, False)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self.within(node, False)
                self.variants(node)
            case ast.ClassDef():
                self.within(node, False)
            case ast.Call():
                self.call(node, label)
            case ast.Dict() | ast.List() | ast.Tuple() | ast.Set():
                self.collection(node, label)
            case ast.IfExp():
                self.visit(node.test, False)
                self.visit(node.body, label)
                self.visit(node.orelse, label)
            case ast.Return() | ast.Assign() | ast.Starred() | ast.BoolOp() | ast.NamedExpr():
                for child in ast.iter_child_nodes(node):
                    self.visit(child, label)
            case _:
                for child in ast.iter_child_nodes(node):
                    self.visit(child, False)

    def annotation(self, node: ast.AST) -> None:
        """What the form of a new run says of a setting stands in the setting's annotation."""
        for part in ast.walk(node):
            if isinstance(part, ast.Call) and called(part) in {"Field", "Means"}:
                self.call(part, True)

    def within(self, node: ast.AST, label: bool) -> None:
        """What a node holds, without what names things in it: docstrings, annotations, what is compared."""
        match node:
            case ast.Expr() | ast.arg():
                return
            case ast.Compare():
                for side in (node.left, *node.comparators):
                    if not isinstance(side, ast.Constant | ast.Tuple | ast.Set | ast.List | ast.JoinedStr):
                        self.visit(side, False)
            case ast.match_case():
                for inner in node.body:
                    self.visit(inner, label)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                for default in (*node.args.defaults, *node.args.kw_defaults):
                    self.visit(default, False)
                for decorator in node.decorator_list:
                    self.visit(decorator, False)
                for line in node.body:
                    self.visit(line, False)
            case ast.ClassDef():
                for part in (*node.decorator_list, *node.body):
                    self.visit(part, False)

    def variants(self, function: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """The words of which a value is one, `word = "grows" if … else "shrinks"`, where a text takes that value."""
        texts = [leaves(node) for node in ast.walk(function) if isinstance(node, ast.JoinedStr)]
        values = [leaf for text in texts if is_template(plain(text)) for leaf in text if not isinstance(leaf, str)]
        taken = {name.id for value in values for name in ast.walk(value) if isinstance(name, ast.Name)}
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=ast.IfExp()) if name in taken:
                    self.visit(node.value, True)

    def call(self, node: ast.Call, label: bool) -> None:
        name = called(node)
        if isinstance(node.func, ast.Attribute):
            receiver = node.func.value
            if name == "format" and isinstance(receiver, ast.Constant) and isinstance(receiver.value, str):
                self.formatted(receiver, label)
            elif not (isinstance(receiver, ast.Constant) and name == "join"):
                self.visit(receiver, False)
        if name in OPAQUE and not (name == "replace" and isinstance(node.func, ast.Name)):  # that of a record is shown
            for argument in (*node.args, *(word.value for word in node.keywords)):
                if not isinstance(argument, ast.Constant | ast.JoinedStr | ast.Tuple):
                    self.visit(argument, False)
            return
        for i, argument in enumerate(node.args):
            if name == "get" and i == 0 and isinstance(argument, ast.Constant | ast.JoinedStr):
                continue
            self.visit(argument, (i == 0 and name in SHOWN) or (label and name not in {"get", "str", "int"}))
        for word in node.keywords:
            if word.arg not in KEYS:
                self.visit(word.value, word.arg in LABELS)

    def collection(self, node: ast.Dict | ast.List | ast.Tuple | ast.Set, label: bool) -> None:
        """The members of a collection; one that is surely words makes words of its neighbours."""
        values = node.values if isinstance(node, ast.Dict) else node.elts
        texts = [value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)]
        sure = any(PHRASE.search(text) and is_words(text, False) for text in texts)
        for key in node.keys if isinstance(node, ast.Dict) else ():
            self.visit(key, False)
        for value in values:
            self.visit(value, label or sure)

    def formatted(self, node: ast.Constant, label: bool) -> None:
        """A string that is formatted where it stands: its own fields are the placeholders."""
        numbers: list[str] = []

        def named(field: re.Match[str]) -> str:
            if field[2] and field[2][-1] in "defgn,%":
                numbers.append(field[1])
            return f"{{{field[1]}}}"

        text = re.sub(r"\{(\w+)(?:![rsa])?(?::([^{}]*))?\}", named, str(node.value))
        if is_words(re.sub(r"\{\w+\}", "0", text), label):
            self.add(node, text, TEMPLATE, *([NUMBERS + ", ".join(numbers)] if numbers else []))

    def template(self, node: ast.AST, label: bool) -> None:
        """An f-string or a sum: what is fixed, and a named placeholder for each value; the values are read in turn."""
        text, bare = "", ""
        names: list[str] = []
        numbers: list[str] = []
        endings: list[str] = []
        foreign: list[str] = []
        for leaf in leaves(node):
            if isinstance(leaf, str):
                text += leaf.replace("{", "{{").replace("}", "}}")
                bare += leaf
                continue
            value = leaf.value if isinstance(leaf, ast.FormattedValue) else leaf
            name = unique(placeholder(value), names)
            names.append(name)
            if isinstance(leaf, ast.FormattedValue) and is_number(leaf, text):
                numbers.append(name)
            elif is_ending(value):
                endings.append(name)
            elif any(isinstance(part, ast.Name) and part.id == "quoted" for part in ast.walk(value)):
                foreign.append(name)
            text += f"{{{name}}}"
            if is_ending(value):
                bare += "s"
                continue
            bare += "0"
            self.visit(value, True)
        if not names:
            if is_words(bare, label):
                self.add(node, bare)
        elif is_template(bare) or re.search(r"</\w+>", bare):
            notes = [NUMBERS + ", ".join(numbers)] if numbers else []
            notes += [STAYS + ", ".join(foreign)] if foreign else []
            notes += [GRAMMAR + ", ".join(endings)] if endings else []
            self.add(node, text, TEMPLATE, *notes)

    def add(self, node: ast.AST, text: str, *comments: str) -> None:
        """A message; of HTML, what stands between its tags, and what these say themselves."""
        texts = [text.strip("\n")]
        if re.search(r"</\w+>", text):
            texts = [part.strip() for part in (*TAG.split(text), *READ_IN_TAGS.findall(text))]
            texts = [part for part in texts if is_read(re.sub(r"\{\w+\}", "0", part))]
        for part in texts:
            filled = TEMPLATE in comments and re.search(r"\{\w+\}", part)
            if part not in NOT_WORDS:
                self.messages.append(Words(getattr(node, "lineno", 0), part, comments if filled else ()))
