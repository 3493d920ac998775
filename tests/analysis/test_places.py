"""What a change adds, and what it only moves."""

from analyzers.golang.facts.declaration import Function
from analyzers.news.added import Candidate, added
from tests import harness


def _calls(function: Function) -> list[Candidate[str]]:
    return [Candidate(call.name, call.line, call.line, call.name) for call in function.calls]


def _added(text: str) -> list[tuple[str, int]]:
    fixture = harness.load(text)
    return [(each.file.path, each.first) for each in added(fixture.change(), _calls)]


def test_a_second_one_is_new_and_a_moved_one_is_not() -> None:
    text = """
--- a/pkg/a/a.go
+++ b/pkg/a/a.go
@@ -1 +1 @@
 package a
 
 func one() {
-	send()
+	if true {
+		send()
+	}
+	send()
 }
--- a/pkg/b/b.go
+++ b/pkg/b/b.go
@@ -1 +1 @@
 package b
 
 func moved() {
-	receive()
 }
--- /dev/null
+++ b/pkg/c/c.go
@@ -0,0 +1 @@
+package c
+
+func moved() {
+	receive()
+}
"""
    assert _added(text) == [("pkg/a/a.go", 7)]


def test_tests_and_generated_code_are_left_out() -> None:
    text = """
--- /dev/null
+++ b/pkg/a/a_test.go
@@ -0,0 +1 @@
+package a
+
+func one() {
+	send()
+}
--- /dev/null
+++ b/pkg/a/zz_generated.deepcopy.go
@@ -0,0 +1 @@
+package a
+
+func two() {
+	send()
+}
"""
    assert _added(text) == []
