"""What fixtures cannot say of bumps: a change whose files cannot be read, and what other people's names do to a text."""

from analyzers.analysis.change import Change
from analyzers.analysis.diff import Diff
from analyzers.analysis.tree import MemoryTree
from analyzers.golang.program.tree import Tree, Unreadable
from analyzers.news.bumps import bumps, diagnostic

GO_MOD = """--- a/go.mod
+++ b/go.mod
@@ -10,4 +10,4 @@ require (
 	github.com/spf13/pflag v1.0.5
-	google.golang.org/grpc v1.26.0
+	google.golang.org/grpc v1.27.0
 	k8s.io/klog/v2 v2.130.1
 	k8s.io/utils v0.0.0-20221107191617-1a15be271d1d
@@ -30,3 +30,3 @@ require (
 	sigs.k8s.io/yaml v1.3.0
-	sigs.k8s.io/json v0.1.0
+	sigs.k8s.io/json v0.2.0
 )
"""
GODEPS = """--- a/Godeps/Godeps.json
+++ b/Godeps/Godeps.json
@@ -500,5 +500,5 @@
 		{
 			"ImportPath": "google.golang.org/grpc",
-			"Comment": "v1.3.0",
-			"Rev": "d2e1b51f33ff8c5e4a15560ff049d200e83726c5"
+			"Comment": "v1.5.2",
+			"Rev": "b3ddf786825de56a4178401b7e174ee332173b66"
 		},
"""


class _Missing(MemoryTree):
    """A partial clone: every file is there, and no content."""

    def read(self, path: str) -> bytes | None:
        raise Unreadable("its content is missing from this clone")


def _change(text: str, tree: Tree) -> Change:
    return Change(Diff.parse(text), tree, tree)


def test_without_a_repository_the_diff_itself_is_read() -> None:
    found = bumps(_change(GO_MOD + GODEPS, MemoryTree({})))
    assert [(bump.name, bump.old, bump.new) for bump in found] == [
        ("google.golang.org/grpc", "v1.26.0", "v1.27.0"),
        ("sigs.k8s.io/json", "v0.1.0", "v0.2.0"),
    ]
    assert [(place.path, place.line) for place in found[0].places] == [("go.mod", 11), ("Godeps/Godeps.json", 503)]
    assert [(place.path, place.line) for place in found[1].places] == [("go.mod", 31)]


def test_what_a_partial_clone_lacks_is_said_and_the_diff_is_read() -> None:
    change = _change(GODEPS, _Missing({}))
    assert [bump.new for bump in bumps(change)] == ["v1.5.2"]
    assert [skipped.path for skipped in change.skipped] == ["Godeps/Godeps.json"]


def test_versions_from_files_cannot_mention_or_link() -> None:
    change = _change(GO_MOD.replace("v1.27.0", "v1.27.0-@kubernetes/everyone"), MemoryTree({}))
    message = diagnostic("dependency-bump", bumps(change)[0]).message
    assert "`v1.27.0-@kubernetes/everyone`" in message
