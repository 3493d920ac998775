"""Kinds of objects in Go and in YAML, and the structs that they hold."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes import api_types
from analyzers.kubernetes.requests.external import EXTERNAL

TYPES = """package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +genclient
// +genclient:nonNamespaced

// Widget is made of parts.
type Widget struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec WidgetSpec `json:"spec"`
}

type WidgetSpec struct {
	Parts   []Part            `json:"parts"`
	Answers map[string]Answer `json:"answers"`
	A, B    int
}

type Part struct{ Name string }

type Answer struct{ *Part }

type WidgetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Widget `json:"items"`
}

type Configuration struct {
	metav1.TypeMeta
	Threads int
}
"""


def index(text: str) -> PackageIndex:
    return PackageIndex(MemoryTree({"api/v1/types.go": text}), external=EXTERNAL)


def test_an_object_embeds_both_metas_and_says_where_it_belongs() -> None:
    program = index(TYPES)
    file = program.file("api/v1/types.go")
    assert file is not None
    [widget] = api_types.objects(program, file)
    assert (widget.name, widget.line, widget.cluster) == ("Widget", 9, True)


def test_embedding_one_s_own_types_of_that_name_makes_no_object() -> None:
    text = TYPES.replace("metav1.TypeMeta ", "TypeMeta ").replace("metav1.ObjectMeta ", "ObjectMeta ")
    program = index(f"{text}\ntype TypeMeta struct{{}}\ntype ObjectMeta struct{{}}\n")
    file = program.file("api/v1/types.go")
    assert file is not None
    assert not list(api_types.objects(program, file))


def test_what_an_object_holds_is_found_through_slices_maps_and_embedding() -> None:
    assert api_types.in_objects(index(TYPES), "api/v1/types.go").keys() == {"Widget", "WidgetSpec", "Part", "Answer"}


def test_fields_have_their_types_as_written_and_their_lines() -> None:
    held = api_types.in_objects(index(TYPES), "api/v1/types.go")
    shown = [(each.name, each.type, each.line) for each in api_types.fields(held["WidgetSpec"])]
    assert shown == [("Parts", "[]Part", 17), ("Answers", "map[string]Answer", 18), ("A", "int", 19), ("B", "int", 19)]
    assert [each.name for each in api_types.fields(held["Answer"])] == ["Part"]


DEFINITION = """apiVersion: v1
kind: Namespace
metadata: {name: kind}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
spec:
  group: example.com
  names:
    kind: Widget
    plural: widgets
  scope: Cluster
  versions:
  - name: v1
    schema: {openAPIV3Schema: {properties: {kind: {type: string}}}}
"""


def test_definitions_tell_their_kind_group_and_scope() -> None:
    assert api_types.may_define("config/crd/a.yaml", DEFINITION)
    assert not api_types.may_define("config/crd/a.go", DEFINITION)
    [widget] = api_types.definitions(DEFINITION)
    assert (widget.name, widget.group, widget.cluster, widget.line) == ("Widget", "example.com", True, 12)


@pytest.mark.parametrize(
    "text",
    [
        "kind: CustomResourceDefinition\nspec: {names: {kind: {{ .Values.kind }}}}\n",
        "kind: CustomResourceDefinition\nspec: [names, kind]\n",
        "kind: CustomResourceDefinition\nspec: " + "[" * 100_000,
        "kind: CustomResourceDefinition\nspec: " + "{a: " * 100_000,
        "kind: CustomResourceDefinition\nspec: {a: " + "[" * 200 + "]" * 200 + ", names: {kind: X}}\n",
        "kind: CustomResourceDefinition\n? {a: b}\n: {names: {kind: X}}\n",
        "kind: CustomResourceDefinition\n\t bad",
    ],
)
def test_what_is_no_definition_or_hostile_gives_none(text: str) -> None:
    assert list(api_types.definitions(text)) == []
