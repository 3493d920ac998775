"""What tests/benchmarks/renamed.py renames: local names and unexported functions, and nothing else that is spelled alike."""

import re

from analyzers.golang.facts import syntax
from tests.benchmarks.renamed import meaningless, own_functions, renamed
from tests.golang.model import index_of

_SOURCE = """
type pod struct {
	name  string
	start func()
}
type labels map[string]string

var first = "x"
var table = map[string]func(){first: <start>, "start": <start>}

func <start>() {}

func init() { <start>() }

func (<p> *pod) stop(<name> string, <pods> ...*pod) (<err> error) {
	<made> := []pod{{name: <name>, start: <start>}}
	<set> := labels{<name>: <made>[0].name}
	<handlers> := map[string]func(string){<name>: nil}
	<handlers>[<name>](<set>[<name>])
	for <i>, <pod> := range <pods> {
		<pod>.name = "pod" + first // the pod
		<made>[<i>].start()
	}
	switch <t> := any(<made>).(type) {
	case pod:
		<t>.stop(<t>.name)
	}
	<first> := first
	if <start> := <p>.stop(<first>); <start> != nil {
		return <p>.other(func(<pod>, _ int) { _ = <pod> })
	}
name:
	for {
		break name
	}
	return <err>
}

type other interface{ stop(<name> string, <pods> ...*pod) (<err> error) }
"""


def test_what_is_local_gets_another_name_and_what_is_spelled_alike_keeps_its_own():
    names = set(re.findall("<([a-z]+)>", _SOURCE))
    plain = re.sub("<([a-z]+)>", r"\1", _SOURCE)
    index = index_of({"p/p.go": f"package p\n{plain}"})
    file = index.file("p/p.go")
    functions = own_functions([file])["p"]
    assert functions == {"start"}
    found = renamed(index, file, functions).decode()
    expected = re.sub("<([a-z]+)>", lambda match: meaningless(match[1]), _SOURCE)
    assert len({meaningless(name) for name in names}) == len(names)
    assert found == f"package p\n{expected}"
    assert not syntax.parse(found.encode()).has_error


def test_a_function_that_assembly_implements_keeps_its_name():
    file = index_of({"p/p.go": "package p\n\nfunc sum(a []byte) int\n\nfunc add() int { return sum(nil) }\n"}).file(
        "p/p.go"
    )
    assert own_functions([file])["p"] == {"add"}
