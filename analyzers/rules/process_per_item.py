"""A process is started for each item of a loop

Starting a process takes some milliseconds, and iptables takes a lock and reads all rules each time. For 10,000 services
with a few rules each that is minutes during which a node's network is behind. The programs take many items at once
(`iptables-restore`, `ipset restore`, `ip -batch`, `nft -f`), and there are libraries for what they do.

```diff
--- a/pkg/agent/route/route.go
+++ b/pkg/agent/route/route.go
@@ -1,26 +1,26 @@
 package route

 import (
        "os/exec"
        "strings"
 )

 type Client struct{}

 func (c *Client) addAll(set string, entries map[string]bool) error {
-	for entry := range entries {
-		if err := exec.Command("ipset", "add", set, entry).Run(); err != nil {
-			return err
-		}
-	}
-	return nil
+	var lines []string
+	for entry := range entries {
+		lines = append(lines, "add "+set+" "+entry)
+	}
+	restore := exec.Command("ipset", "restore")
+	restore.Stdin = strings.NewReader(strings.Join(lines, "\\n"))
+	return restore.Run()
 }
```

Formerly: critical-path.

Not reported: loops over a fixed list or over parts of one object; programs other than the network's and storage's where code
does not run on every node; what was there before; start-up code, command lines, fakes, tests and generated code.
"""

from collections.abc import Iterator

from analyzers.analysis.change import Change
from analyzers.analysis.diagnostic import Diagnostic, code
from analyzers.analysis.subject import Burden
from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.kubernetes import logs, processes
from analyzers.kubernetes.execution import critical_paths
from analyzers.kubernetes.execution.components import Kind
from analyzers.kubernetes.execution.loops import bounded
from analyzers.news.added import Candidate, added
from analyzers.news.concerned import concerned
from analyzers.news.paths import path_of


def process_per_item(change: Change) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each new call that starts a process in a loop over things that grow with a cluster."""
    for each in added(change, _in_loops):
        call, function, node = each.what, each.function, each.file.component.every_node
        if not concerned(each.file) or logs.debugs(call) or not (node or each.file.component.kind is Kind.OTHER):
            continue
        loops = [loop for loop in call.loops if loop.kind == "range" and not bounded(change.head_index, function, loop)]
        if not loops or critical_paths.starts_up(function):
            continue
        program = processes.started(change.head_index, function, call)
        # Elsewhere than on nodes only the network's and storage's tools are started for things that grow with a cluster.
        if program is None or (not program and not node):
            continue
        path = path_of(change, function, call.closures)
        collection = loops[-1].collection
        items = code(syntax.text(collection) if collection is not None else "")
        yield Diagnostic(
            analyzer="process-per-item",
            path=each.file.path,
            line=each.first,
            end_line=each.last,
            construct=f"{code(call.name)} starts a process for each item of {items}.",
            remedy=f"Hand all items to one process ({code(processes.BATCH[program])}), or use a library."
            if program
            else "Start one process for all items, or use a library.",
            concern="process for each item",
            function=function.key,
            subject=Burden("item", path),
        )


def _in_loops(function: Function) -> Iterator[Candidate[Call]]:
    for call in function.calls:
        if call.name and any(loop.kind == "range" for loop in call.loops):
            yield Candidate(("started", call.name), call.line, call.end_line, call)
