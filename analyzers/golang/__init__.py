"""The Go model: declared types, scopes, sizes and calls of the Go code in a Tree, read lazily. It knows neither diffs nor Kubernetes.

Import what you need from the modules; importing this package alone loads no parser. None always means "not known".

    from analyzers.golang.packages import PackageIndex
    index = PackageIndex(tree)                          # nothing is read yet; share `facts=` between head and base
    file = index.file("pkg/kubelet/kubelet.go")         # a source.SourceFile or None; index.skipped says why
    function = file.function_at(120)                    # or file.function("Kubelet.syncPod"), file.functions, file.types, file.values
    function.receiver, function.params, function.results, function.body, function.line, function.end_line, function.key
    for call in function.calls:                         # one walk of the function, cached; also .loops .closures .assignments .composites
        call.name, call.operand, call.arguments         # `c.Pods(ns).List(opts)`: "List", node of `c.Pods(ns)`, [node of `opts`]
        call.line, call.statement_line, call.statement_end_line
        call.loops, call.closures, call.conditions      # around it, outermost first; call.go, call.defer
        index.type_of(call.operand, file, function)     # a types.Type: Named("k8s.io/client-go/...", "PodInterface"), Pointer(...), None
    index.resolve(function.params[0].type, file, function)       # the type that a type expression stands for
    index.underlying(type), index.member(type, "Name")  # Struct, Interface, Map ...; Member(kind, type, owner, declaration)
    index.lookup("k8s.io/api/core/v1", "Pod")           # declaration.TypeDeclaration, Function or Value
    index.imported(file, "v1")                          # import path of a local name
    index.constant(node, file, function)                # an int
    index.callee(call, file, function)                  # the declaration.Function that is called, if it is in the tree
    from analyzers.golang.scope import scope
    scope(index, function, call.node).lookup("pod")     # Meaning(kind, binding, declaration, path); .type_of("pod")
    from analyzers.golang.sizes import Sizes
    Sizes(index).size(type)                             # Size(bytes=1024, exact=True)
    from analyzers.golang.callgraph import CallGraph
    CallGraph(index, [index.package_of(file.path)]).callers(function)    # CallSite(caller, kind, call, line, loops, closures, go)
    from analyzers.golang import syntax, gomod          # syntax.text(node), .line(node), .walk(node), .path(node); gomod.parse(bytes)
"""
