import pytest

from analyzers.golang.facts.source import SourceFile, guessed_name

from .model import file_of


def test_what_a_file_declares() -> None:
    file = file_of(
        """// Copyright
package p

import "fmt"

// T is a type.
type T struct{ a int }

type (
	U int
	V = T
)

const A = 1

const (
	B = iota
	C
)

var x, y = f()

var (
	z  int
	fn = func() { g() }
)

// f does.
func f() (int, error) { return 0, nil }

func (t *T) M()  {}
func (T) N()     {}
func G[K comparable, W any](k K) {}
func (g *Gen[K]) H() {}
"""
    )
    assert file.package == "p"
    assert [function.key for function in file.functions] == ["f", "T.M", "T.N", "G", "Gen.H"]
    assert list(file.types) == ["T", "U", "V"]
    assert [file.types[name].alias for name in file.types] == [False, False, True]
    assert list(file.constants) == ["A", "B", "C"]
    assert list(file.variables) == ["x", "y", "z", "fn"]
    assert [function.name for function in file.initializers] == ["x", "fn"]
    assert [getattr(found, "key", found.name) for found in file.decls] == [
        *["T", "U", "V", "A", "B", "C", "x", "y", "z", "fn", "f", "T.M", "T.N", "G", "Gen.H"]
    ]
    function = file.function("f")
    assert function is not None
    assert (function.line, function.end_line, function.doc) == (29, 29, "f does.")


def test_a_type_of_a_large_file_is_found_without_parsing_the_rest() -> None:
    many = "".join(f"type T{number} struct {{\n\ta int\n}}\n\n" for number in range(2000))
    file = file_of(f"package p\n\n{many}type Wanted struct {{\n\tb string\n}}\n")
    wanted = file.type("Wanted")
    assert wanted is not None
    assert (wanted.line, wanted.end_line) == (8003, 8005)
    assert len(file._nodes) == 1


@pytest.mark.parametrize(
    "hidden",
    [
        "var doc = `\nfunc hidden() {}\n`\n",
        "/*\nfunc hidden() {}\n*/\n",
        "func shown() {\n\tx := `\nfunc hidden() {\ntype T int\n`\n\tg(x)\n}\n",
        "var a = 1 /* it`s */\nvar b = `\nfunc hidden() {}\n`\n",
        'var a = "/*"\nvar b = `\nfunc hidden() {}\n`\nvar c = "*/"\n',
        "// it`s\nvar b = `\nfunc hidden() {}\n`\n",
    ],
)
def test_a_declaration_inside_a_raw_string_or_comment_is_none(hidden: str) -> None:
    file = file_of(f"package p\n\n{hidden}\nfunc last() {{}}\n")
    assert file.function("hidden") is None
    last = file.function("last")
    assert last is not None
    assert file.line_text(last.line) == "func last() {}"
    shown = file.function("shown")
    assert shown is None or [call.name for call in shown.calls] == ["g"]


@pytest.mark.parametrize(
    "source",
    [
        "package p\n\n  func f() { g() }\n",
        "package p; func f() { g() }\n",
        "package p\nfunc (\n\tr *T,\n) f() { g() }\n",
        "package p\n\tfunc f() { g() }\n\ttype X struct{}\n",
        "package p\r\n\r\nfunc f() {\r\n\tg()\r\n}\r\n",
        "package p\nfunc f () { g() }",
        "package p\nfunc /* why */ f() { g() }\n",
        "package p\nfunc (r /* the */ *T) f() { g() }\n",
        "\ufeffpackage p\nfunc f() { g() }\n",
    ],
)
def test_files_that_gofmt_has_not_seen(source: str) -> None:
    functions = file_of(source).functions
    assert [function.name for function in functions] == ["f"]
    assert [call.name for call in functions[0].calls] == ["g"]


@pytest.mark.parametrize(
    "head",
    [
        "/*\nfunc f() is an example, and so is\n\npackage other\n*/\n\npackage p\n",
        "/* p */ package p\n",
        "package p\n\n/*\nvar x = 1\n*/\n",
        "package p\n\nimport `example.com/raw`\n",
        'package p // import /* "example.com/p"\n',
    ],
)
def test_imports_behind_what_looks_like_declarations(head: str) -> None:
    file = file_of(head + '\nimport "fmt"\n\nfunc g() {}\n\nvar y = `\nimport "none"\n`\n')
    assert file.package == "p"
    assert file.imported[-1] == ("", "fmt")
    assert [function.name for function in file.functions] == ["g"]
    # In whatever order it is asked.
    again = SourceFile(file.path, file.source)
    assert again.regions
    assert again.imported == file.imported


def test_imports() -> None:
    file = file_of(
        """package p

import "C"
import "fmt"
import (
	"net/http"

	. "example.com/dot"
	_ "example.com/effect"
	alias "example.com/x/y" // why
	"gopkg.in/yaml.v2"
	"k8s.io/klog/v2"
	`k8s.io/api/core/v1`
	// "commented/out"
	/* "commented/out/too" */
)

var text = `
import "not/this"
`
"""
    )
    assert file.imports == {
        "C": "C",
        "fmt": "fmt",
        "http": "net/http",
        "alias": "example.com/x/y",
        "yaml": "gopkg.in/yaml.v2",
        "klog": "k8s.io/klog/v2",
        "v1": "k8s.io/api/core/v1",
    }
    assert file.dot_imports == ("example.com/dot",)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("k8s.io/api/core/v1", "v1"),
        ("k8s.io/kubernetes/pkg/apis/core/v2", "v2"),
        ("k8s.io/klog/v2", "klog"),
        ("github.com/a/go-b", "b"),
        ("github.com/a/b-go", "b"),
        ("github.com/a/b.go", "b"),
        ("gopkg.in/inf.v0", "inf"),
        ("sigs.k8s.io/structured-merge-diff/v4/fieldpath", "fieldpath"),
        ("sync/atomic", "atomic"),
    ],
)
def test_a_package_is_named_after_its_path(path: str, name: str) -> None:
    assert guessed_name(path) == name


@pytest.mark.parametrize(
    ("head", "generated"),
    [
        ("// Code generated by client-gen. DO NOT EDIT.\n", True),
        ("/*\nLicense\n*/\n\n// Code generated by x. DO NOT EDIT.\n\n", True),
        ("// Code generated by x, please DO NOT EDIT. It hurts\n", False),
        ("// This is not code generated by x. DO NOT EDIT.\n", False),
        ("// ****\n// DO NOT EDIT.\n// THIS FILE IS AUTO-GENERATED BY codecgen.\n// ****\n\n", True),
        ("/*\nLicense\n*/\n\n// This file was autogenerated by go-to-protobuf. Do not edit it manually!\n\n", True),
        ("// AUTO-GENERATED FUNCTIONS START HERE, do not edit them\n", True),
        ("// Run the generator after you edit this file; what it writes is autogenerated.\n", False),
        ("// Do not edit the numbers: they are on disks.\n", False),
    ],
)
def test_generated(head: str, generated: bool) -> None:
    assert file_of(f"{head}package p\n").generated is generated


def test_generated_by_its_name() -> None:
    assert file_of("package p\n", "pkg/api/types.generated.go").generated
    assert not file_of("package p\n", "pkg/api/generated.go").generated


def test_generated_counts_only_in_front_of_the_package_clause() -> None:
    assert not file_of("package p\n\n// Code generated by x. DO NOT EDIT.\n").generated


def test_package_clause_behind_a_comment_that_speaks_of_packages() -> None:
    assert file_of("/*\npackage wrong is not it\n*/\n// package wrong\npackage right\n").package == "right"


def test_function_at_a_line() -> None:
    file = file_of(
        "package p\n\n// doc\nfunc f() {\n\tg()\n}\n\n// doc of h\nfunc h() {}\n\nvar v = func() {\n\tg()\n}\n\nvar w = 1\n"
    )

    def at(line: int) -> str | None:
        function = file.function_at(line)
        return function.key if function is not None else None

    assert [at(line) for line in range(1, 17)] == [
        *[None, None, None, "f", "f", "f", None, None, "h", None, "v", "v", "v", None, None, None]
    ]


def test_constants_without_a_value_repeat_the_one_above() -> None:
    file = file_of("package p\nconst (\n\tA T = iota + 1\n\tB\n\n\tC, D = iota, 7\n\tE, F\n)\n")
    assert {name: (value.iota, value.part) for name, value in file.values.items()} == {
        "A": (0, 0),
        "B": (1, 0),
        "C": (2, 0),
        "D": (2, 0),
        "E": (3, 0),
        "F": (3, 0),
    }
    assert file.values["B"].type is not None


def test_what_cannot_be_parsed_is_said_and_the_rest_is_read() -> None:
    file = file_of(f"package p\n\nvar deep = {'(' * 600}1{')' * 600}\n\nfunc f() {{ g() }}\n")
    assert file.value("deep") is None
    assert file.error is not None
    assert "line 3" in file.error
    assert "600 deep" in file.error
    assert [call.name for call in file.functions[0].calls] == ["g"]


def test_hostile_files_have_an_error_and_no_declarations() -> None:
    binary = SourceFile("p.go", b"package p\n\0func f() {}\n")
    assert binary.error is not None
    assert binary.functions == []
    large = SourceFile("p.go", b"package p\nfunc f() {}\n" + b" " * 8_400_000)
    assert large.error is not None
    assert large.functions == []


def test_a_released_file_can_be_asked_again() -> None:
    file = file_of("package p\ntype T struct{}\nfunc f() { g() }\n")
    before = [call.line for call in file.functions[0].calls]
    assert file.type("T") is not None
    file.release()
    assert [call.line for call in file.functions[0].calls] == before
    assert file.type("T") is not None
