"""The Go model: declared types, scopes, sizes and calls of the Go code in a Tree, read lazily.

It knows neither diffs nor Kubernetes. Import what you need from its modules: this package alone loads no parser.
None always means "not known"; rules are silent on it.

    from analyzers.golang.packages import PackageIndex
    index = PackageIndex(tree)                     # nothing is read yet; give head and base the same dict as facts=
    file = index.file("pkg/kubelet/kubelet.go")    # source.SourceFile, None if there is none; index.skipped says why
    function = file.function_at(120)               # or file.function("Kubelet.syncPod"); .functions .types .values
    function.key, function.line, function.end_line, function.receiver, function.params, function.results
    for call in function.calls:                    # from one walk; so are .loops .closures .assignments .composites
        call.name, call.operand, call.arguments    # c.Pods(ns).List(opts): "List", node of c.Pods(ns), [node of opts]
        call.line, call.statement_line, call.statement_end_line
        call.loops, call.closures, call.conditions # what is around it, outermost first; call.go, call.defer
        index.type_of(call.operand, file, function)               # a types.Type, such as Named(path, "PodInterface")
        index.callee(call, file, function)         # the declaration.Function that it calls, if the tree has it
    index.resolve(function.params[0].type, file, function)        # the type that a type expression stands for
    index.underlying(type)                         # Struct, Interface, Map ... behind a Named
    index.member(type, "Name")                     # members.Member(kind, type, owner, declaration, through)
    index.lookup("k8s.io/api/core/v1", "Pod")      # declaration.TypeDeclaration, Function or Value
    index.imported(file, "v1")                     # the import path of a local name
    index.constant(node, file, function)           # an int
    index.implements_hint(method)                  # an interface that may ask for the method
    from analyzers.golang.scope import scope
    scope(index, function, call.node).lookup("x")  # Meaning(kind, binding, declaration, path); .type_of("x")
    from analyzers.golang.sizes import Sizes
    Sizes(index).size(type)                        # Size(bytes=1024, exact=True)
    from analyzers.golang.callgraph import CallGraph
    CallGraph(index).callers(function)             # CallSites: caller, kind, call, loops, go; .complete: no others
    index.words.files("Store", "Get")              # the program's files that hold these words
    from analyzers.golang import gomod, syntax     # syntax.text(node), .walk(node), .path(node); gomod.parse(bytes)
"""
