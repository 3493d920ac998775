"""Package: the Go files in one folder, read when a name is looked for."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from analyzers.golang.facts.declaration import Declaration, Function, TypeDeclaration
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.program import constraints, standard

if TYPE_CHECKING:
    from analyzers.golang.types.checker import PackageIndex

__all__ = ["Package"]


class Package:
    """The package in one folder, tests left out. Its files are read when a name is looked for, the likeliest first."""

    def __init__(self, index: "PackageIndex", path: str, folder: str) -> None:
        self.path = path
        self.folder = folder
        self._index = index
        self._lookups: dict[str, Declaration | None] = {}
        self._methods: dict[tuple[str, str], Function | None] = {}
        if folder.startswith(standard.FOLDER):
            names = [standard.FILE]
        else:
            names = [
                entry.name
                for entry in index.modules.listing(folder).values()
                if entry.kind == "blob" and entry.name.endswith(".go") and not entry.name.endswith("_test.go")
            ]
        # go build leaves out names that begin with "." or "_".
        names = [name for name in names if name[0] not in "._"]
        # What another system builds, then generated code, comes last: it is large, and what people declare stands in
        # neither.
        names.sort(key=lambda name: (constraints.named_for_another_system(name), _looks_generated(name), name))
        self._names = names

    def __repr__(self) -> str:
        return f"<Package {self.path}>"

    @cached_property
    def name(self) -> str:
        """The name in its files' package clauses, "" if there are none."""
        return next((file.package for file in self.files() if self._built(file)), "")

    def files(self) -> Iterator[SourceFile]:
        """Yield its files that can be read, likeliest home of a declaration first; those of another system too, at the
        end.
        """
        for name in self._names:
            file = self._file(name)
            if file is not None:
                yield file

    def _file(self, name: str) -> SourceFile | None:
        return self._index.file(f"{self.folder}/{name}" if self.folder else name)

    def _likeliest(self, wanted: str, method: str | None = None) -> Iterator[SourceFile]:
        wanted = wanted.lower()
        first = [name for name in self._names if wanted.startswith(name.removesuffix(".go").replace("_", ""))]
        for name in (*first, *(name for name in self._names if name not in first)):
            if method is not None and not _generates(name, method):
                continue
            file = self._file(name)
            if file is not None:
                yield file

    def _built(self, file: SourceFile) -> bool:
        return not constraints.named_for_another_system(file.path.rpartition("/")[2]) and constraints.builds(file.head)

    def lookup(self, name: str) -> Declaration | None:
        """Give what the package declares as `name`: a function, type, variable or constant; for linux on amd64 if there
        are several.
        """
        if name not in self._lookups:
            found: Declaration | None = None
            for file in self._likeliest(name):
                declared = file.declaration(name)
                if declared is not None:
                    found = found or declared
                    if self._built(file):
                        found = declared
                        break
            self._lookups[name] = found
        return self._lookups[name]

    def method(self, type_name: str, name: str) -> Function | None:
        """Give the method `name` declared on the type `type_name`, not those it gets by embedding."""
        key = (type_name, name)
        if key not in self._methods:
            found: Function | None = None
            wanted = f"{type_name}.{name}"
            heads = [head.encode() for head in (f" {name}(", f"){name}(", f" {name} (")]
            for file in self._likeliest(type_name, method=name):
                if not any(head in file.source for head in heads):
                    continue
                declared = file.function(wanted)
                if declared is not None:
                    found = found or declared
                    if self._built(file):
                        found = declared
                        break
            self._methods[key] = found
        return self._methods[key]

    @cached_property
    def _methods_by_type(self) -> dict[str, dict[str, Function]]:
        found: dict[str, dict[str, Function]] = {}
        for file in self.files():
            built = self._built(file)
            for function in file.functions:
                if function.receiver_name:
                    of_type = found.setdefault(function.receiver_name, {})
                    if built or function.name not in of_type:
                        of_type[function.name] = function
        return found

    def methods(self, type_name: str) -> dict[str, Function]:
        """Give the methods declared on the type `type_name` by name (reads every file of the package, parses none)."""
        return self._methods_by_type.get(type_name, {})

    @property
    def functions(self) -> Iterator[Function]:
        """All functions, methods and initial values with function literals of its files for linux on amd64."""
        for file in self.files():
            if self._built(file):
                yield from file.functions
                yield from file.initializers

    @cached_property
    def serialized(self) -> bool:
        """Whether it declares API objects: structs that embed metav1.TypeMeta, whose values machines decode."""
        return any(_TYPE_META.search(file.source) for file in self.files())

    @cached_property
    def interfaces(self) -> dict[str, TypeDeclaration]:
        """Its interface types by name."""
        return {declared.name: declared for file in self.files() for declared in file.interfaces}


# As all API objects embed it (k8s.io/apimachinery pkg/apis/meta/v1 types.go); before 2016 in one package with them.
_TYPE_META = re.compile(rb"\n[ \t]{1,8}(?:\w{1,40}\.)?TypeMeta[ \t]{1,20}`json:")


def _looks_generated(name: str) -> bool:
    return name.startswith("zz_generated") or name.endswith((".pb.go", "_generated.go", ".pb.gw.go", "_gen.go"))


# Generated methods have fixed names, and a megabyte need not be read to learn that a type has no other: those of
# go-to-protobuf and deepcopy-gen (k8s.io/code-generator), and SwaggerDoc. Other *.pb.go may hold clients of any method.
_GENERATED_METHODS = {
    "generated.pb.go": re.compile(r"Reset|String|ProtoMessage|Descriptor|(Un)?[mM]arshal\w*|Size|XXX_\w+"),
    "generated.deepcopy.go": re.compile(r"DeepCopy\w*"),
    "swagger_doc_generated.go": re.compile(r"SwaggerDoc"),
}


def _generates(file: str, method: str) -> bool:
    """Say whether a file of this name may declare a method of this name."""
    for ending, names in _GENERATED_METHODS.items():
        if file.endswith(ending):
            return names.fullmatch(method) is not None
    return True
