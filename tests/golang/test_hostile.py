"""Whatever stands in a file under review: no crash, and time that grows with its size."""

import subprocess
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analyzers.golang.callgraph import CallGraph
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.program import gomod
from analyzers.golang.types.sizes import Sizes
from analyzers.golang.types.types import Named

from .model import index_of

GOOD = """package p

import (
	"fmt"
	x "example.com/m/q"
)

type T[K any] struct {
	*Base `json:",inline"`
	x.Other
	items map[string][]K
}

type Base struct{ n [3]int }

const (
	A = iota << 2
	B
)

var table = []func(){func() { fmt.Println("x") }}

func (t *T[K]) Method(a, b int, opts ...string) (n int, err error) {
outer:
	for i, v := range t.items["a"] {
		switch y := any(v).(type) {
		case int, string:
			fmt.Println(y, `raw
func no() {}
`)
		default:
			continue outer
		}
		if err := func() error { return nil }(); err != nil {
			return i, fmt.Errorf("%v", err)
		}
		go t.Method(a, b, opts...)
	}
	select {
	case n, ok := <-ch:
		_ = T[int]{items: map[string][]int{"a": {1, 2}}}
	}
	return
}
"""


def everything(source: bytes) -> None:
    """Ask the model for all it can tell of one file."""
    index = index_of({"p/p.go": source, "q/q.go": "package q\ntype Other struct{ p int }\n"})
    file = index.file("p/p.go")
    assert file is not None
    sizes = Sizes(index)
    for name in list(file.types)[:20]:
        sizes.size(Named("example.com/m/p", name))
        index.methods(Named("example.com/m/p", name))
    for value in file.values.values():
        index.value_type(value)
        if value.value is not None:
            index.constant(value.value, file)
    graph = CallGraph(index, [index.package_of("p/p.go")])
    # A sample, since to ask who calls each of 20,000 functions is 20,000 searches.
    functions = [*file.functions[:20], *file.functions[-20:], *file.initializers[:20]]
    for function in functions:
        index.signature(function)
        graph.callees(function)
        graph.callers(function)
        index.implements_hint(function)
        assert function.line <= function.end_line
        for call in function.calls:
            index.type_of(call.node, file, function)
            assert call.line <= call.end_line
            assert call.statement_line <= call.statement_end_line
        for line in (function.line, function.end_line):
            file.function_at(line)
    assert file.imports is not None
    assert file.doc(3) is not None


SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SETTINGS
@given(st.integers(0, len(GOOD)), st.integers(0, 120))
def test_a_file_with_a_hole(start: int, length: int) -> None:
    everything((GOOD[:start] + GOOD[start + length :]).encode())


@SETTINGS
@given(
    st.integers(0, len(GOOD)),
    st.sampled_from(
        [
            *"{}()[]`\"'/*\n;:=.,<-",
            "/*",
            "*/",
            "//",
            "\n}",
            "\nfunc ",
            "\ntype T ",
            "\x00",
            "\xff",
            "[T any]",
            "range ",
            "...",
        ]
    ),
)
def test_a_file_with_something_in_the_wrong_place(at: int, what: str) -> None:
    everything((GOOD[:at] + what + GOOD[at:]).encode("latin-1"))


@SETTINGS
@given(st.binary(max_size=400))
def test_bytes_behind_a_package_clause(tail: bytes) -> None:
    everything(b"package p\n" + tail)


PIECES = st.sampled_from(
    [
        *[
            "func",
            "type",
            "var",
            "const",
            "import",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            "*",
            "&",
            "x",
            "T",
            "any",
            "=",
            ":=",
            ",",
            ".",
            ";",
            "\n",
        ],
        *[
            "range",
            "for",
            "if",
            "else",
            "switch",
            "case",
            "select",
            "go",
            "defer",
            "return",
            "struct",
            "interface",
            "map",
            "chan",
            "<-",
        ],
        *[
            "1",
            '"s"',
            "`r`",
            "'c'",
            "...",
            "iota",
            "nil",
            "~",
            "|",
            "f()",
            "x.y",
            ":",
            "!",
            "// c\n",
            "/* c */",
            "package p\n",
        ],
    ]
)


@SETTINGS
@given(st.lists(PIECES, max_size=60))
def test_words_of_go_in_any_order(words: list[str]) -> None:
    everything(("package p\nfunc f() {\n" + " ".join(words) + "\n}\n").encode())
    everything(("package p\n" + " ".join(words)).encode())


@SETTINGS
@given(st.text(max_size=200))
def test_any_module_file(text: str) -> None:
    gomod.parse(text)
    gomod.parse("module m\nrequire (\n" + text)


HOSTILE = {
    "an endless line": b'package p\nfunc f() { x := "' + b"a" * 5_000_000 + b'" }\n',
    "an endless line of calls": b"package p\nfunc f() { " + b"g(); " * 15_000 + b"}\n",
    "open braces": b"package p\nfunc f() " + b"{" * 400_000,
    "open braces on lines of functions": b"package p\n" + b"func f() {\n" * 40_000,
    "a raw string without end": b"package p\nvar x = `" + b"func f() {}\n" * 100_000,
    "a comment without end": b"package p\n/*" + b"\nfunc f() {}" * 40_000,
    "quotes": b"package p\nvar x = " + b'"' * 400_001,
    "backslashes": b'package p\nvar x = "' + b"\\" * 400_001,
    "stars": b"package p\n/" + b"*" * 1_000_000,
    "nested types": b"package p\ntype T " + b"[]" * 200_000 + b"int\nvar x T\n",
    "pointers": b"package p\ntype T " + b"*" * 100_000 + b"int\nvar x T\n",
    "a chain": b"package p\nfunc f() { x" + b".y()" * 10_000 + b" }\n",
    "guards": b"package p\nfunc f() {\n" + b"\tif x { return }\n" * 20_000 + b"\tg()\n}\n",
    "names": b"package p\nfunc f() {\n" + b"\tx, err := g(x)\n" * 5_000 + b"}\n",
    "else if": b"package p\nfunc f() {\n if x { g() } " + b"else if x { g() } " * 5_000 + b"\n}\n",
    "types in types": b"package p\n" + b"".join(b"type T%d struct { T%d }\n" % (n, n + 1) for n in range(3_000)),
    "blanks": b"package p\n" + b"\n" * 5_000_000 + b"func f() {}\n",
    "tabs": b"package p\nfunc" + b"\t" * 400_000 + b"f() {}\n",
    "indented tabs": b"package p\n" + b"\n\t\tfunc \t\t" * 40_000,
    "parentheses in a receiver": b"package p\nfunc (" + b"(" * 300_000 + b"T) f() {}\n",
    "imports": b"package p\nimport (\n" + b'\t"a/b"\n' * 40_000 + b")\n",
    "words": b"package p\nimport " + b"a " * 200_000 + b"\n",
    "a long word": b"package p\nimport " + b"a" * 400_000 + b"\n",
    "sums": b"package p\nconst X = 1" + b" + 1" * 50_000 + b"\nvar a [X]int\n",
    "shifts": b"package p\nconst X = 1" + b" << 500" * 400 + b"\nvar a [X]int\n",
    "commas": b"package p\nfunc f(" + b"a, " * 20_000 + b"int) {}\n",
    "receivers": b"package p\nfunc (" + b"a " * 200_000 + b") f() {}\n",
    "not go": bytes(range(1, 256)) * 2_000,
    "half a file": GOOD.encode()[: len(GOOD) // 2] * 200,
}

PROBE = """
import resource
resource.setrlimit(resource.RLIMIT_CPU, (150, 150))
resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
from tests.golang.test_hostile import HOSTILE, everything
for name, source in HOSTILE.items():
    print(name, flush=True)
    everything(source)
print("done")
"""


def test_hostile_source_ends_in_bounded_time_and_memory() -> None:
    """In a process of its own, which the kernel ends at 10 times the usual time: a crash or a runaway fails only this test."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "done", done.stdout + done.stderr[-2000:]


def test_a_file_that_is_refused_says_so() -> None:
    file = SourceFile("p.go", b"package p\nfunc f() " + b"{" * 100_000)
    assert file.functions[0].calls == []
    assert file.error is not None
    assert "nested 100000 deep" in file.error
