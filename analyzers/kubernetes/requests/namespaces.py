"""Which expressions name all namespaces."""

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.source import SourceFile
from analyzers.golang.facts.syntax import Node
from analyzers.golang.types.checker import PackageIndex


def all_namespaces(index: PackageIndex, file: SourceFile, function: Function, node: Node, depth: int = 0) -> bool:
    """Say whether an expression is the name of no namespace: `metav1.NamespaceAll`, `""`, or a name that was given one of them."""
    node = syntax.unparenthesized(node)
    text = syntax.text(node)
    if text in {'""', "``"} or text.rpartition(".")[2] == "NamespaceAll":
        return True
    if node.type != "identifier" or depth > 3:
        return False
    binding = function.binding(text, node.start_byte)
    if binding is not None:
        return (
            binding.kind in {"var", "const"}
            and binding.value is not None
            and all_namespaces(index, file, function, binding.value, depth + 1)
        )
    declared = index.lookup(index.import_path(file), text, file)
    value = getattr(declared, "value", None)
    return isinstance(value, Node) and syntax.text(value) in {'""', "``"}
