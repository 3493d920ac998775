"""A small repository in memory, and the types of the expressions in it that are wrapped in probe(...)."""

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.types.checker import External, PackageIndex
from analyzers.golang.types.types import Type, show

GO_MOD = "module example.com/m\n\ngo 1.22\n"


def index_of(files: dict[str, str | bytes], external: External | None = None) -> PackageIndex:
    return PackageIndex(MemoryTree({"go.mod": GO_MOD, **files}), external)


def file_of(source: str, path: str = "p/p.go") -> SourceFile:
    return SourceFile(path, source.encode(), "an id")


def function_of(source: str, key: str = "f") -> Function:
    function = file_of(source).function(key)
    assert function is not None
    return function


def probed(index: PackageIndex, path: str = "p/p.go") -> list[Type | None]:
    file = index.file(path)
    assert file is not None
    return [
        index.type_of(call.arguments[0], file, function)
        for function in (*file.functions, *file.initializers)
        for call in function.calls
        if call.name == "probe"
    ]


def shown(source: str, **more: str) -> list[str]:
    """The types of what is probed in package p, as Go writes them; `more` are other packages' sources by folder name."""
    files: dict[str, str | bytes] = {f"{folder}/{folder}.go": text for folder, text in more.items()}
    return [show(type_) for type_ in probed(index_of({"p/p.go": f"package p\n{source}", **files}))]
