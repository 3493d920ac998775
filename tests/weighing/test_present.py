"""What a deep review adds: what was there before, and what is asked of the API server before and after."""

import logging

import pytest

from analyzers import catalogue
from analyzers.analysis.report import Present, Report
from analyzers.driver import driver
from tests import harness

KUBELET = """
--- a/pkg/kubelet/kubelet.go
+++ b/pkg/kubelet/kubelet.go
@@
 package kubelet
 
 import (
 	"context"
 	"time"
 
 	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
 	"k8s.io/apimachinery/pkg/labels"
 	"k8s.io/apimachinery/pkg/util/wait"
 	"k8s.io/client-go/kubernetes"
 	corelisters "k8s.io/client-go/listers/core/v1"
 )
 
 type Kubelet struct {
 	client kubernetes.Interface
 	pods   corelisters.PodLister
 }
 
 func (kl *Kubelet) Run(stop chan struct{}) {
-	wait.Until(kl.report, 10*time.Second, stop)
+	wait.Until(kl.report, time.Second, stop)
 }
 
 func (kl *Kubelet) report() {
-	kl.client.CoreV1().Nodes().Get(context.TODO(), "self", metav1.GetOptions{})
+	kl.client.CoreV1().Nodes().Get(context.Background(), "self", metav1.GetOptions{})
+	kl.client.CoreV1().Secrets("").List(context.TODO(), metav1.ListOptions{})
 	kl.client.CoreV1().ConfigMaps("x").Get(context.TODO(), "y", metav1.GetOptions{})
 	kl.pods.List(labels.Everything())
 }
 
 func (kl *Kubelet) other() {
 	kl.client.CoreV1().Services("x").Get(context.TODO(), "y", metav1.GetOptions{})
 }
"""


def report(text: str, *, deep: bool = True) -> Report:
    return harness.load(f"deep: {str(deep).lower()}\n{text}").report()


def there(found: Report) -> list[tuple[int, str]]:
    return [(each.line, each.what) for each in found.present]


def test_what_was_there_in_touched_functions_is_told_and_what_is_new_is_not() -> None:
    found = report(KUBELET)
    assert there(found) == [
        (24, "`GET of nodes`"),
        (26, "`GET of configmaps`"),
        (27, "walk through all pods in a cache"),
    ]
    assert any(each.line == 25 for each in found.diagnostics)
    assert not {each.line for each in found.diagnostics} & {26, 27}


def test_how_often_is_told_by_the_call_path() -> None:
    nodes, _, walk = report(KUBELET).present
    assert nodes.often == "every 1 s, on every node; `5,000 nodes x 1 call every 1 s = 5,000 requests a second`"
    assert [step.message for step in nodes.witness] == ["Kubelet.Run", "Kubelet.report"]
    assert walk.often == "every 1 s"


def test_what_is_asked_before_and_after() -> None:
    nodes, configmaps, secrets = sorted(
        report(KUBELET).asked, key=lambda each: ["nodes", "configmaps", "secrets"].index(each.resource)
    )
    assert (nodes.before.told, nodes.after.told) == (
        "1 place, every 10 s, 500 a second",
        "1 place, every 1 s, 5,000 a second",
    )
    assert (configmaps.before.qps, configmaps.after.qps) == (500, 5_000)
    assert (secrets.before.told, secrets.scope, secrets.line) == ("-", "cluster", 25)


def test_only_a_deep_review_adds_it() -> None:
    found = report(KUBELET, deep=False)
    assert (found.present, found.asked) == ((), ())


def test_no_rate_is_told_where_a_condition_or_a_loop_is_on_the_way() -> None:
    conditional = KUBELET.replace(
        ' 	kl.client.CoreV1().ConfigMaps("x").Get(context.TODO(), "y", metav1.GetOptions{})',
        ' 	if kl.changed() {\n 		kl.client.CoreV1().ConfigMaps("x").Get(context.TODO(), "y", metav1.GetOptions{})\n 	}',
    )
    (found,) = [each for each in report(conditional).asked if each.resource == "configmaps"]
    assert (found.before.period, found.after.period, found.after.qps) == (10, 1, None)
    looped = KUBELET.replace(
        ' 	kl.client.CoreV1().ConfigMaps("x").Get(context.TODO(), "y", metav1.GetOptions{})',
        " 	for _, name := range kl.names {\n"
        ' 		kl.client.CoreV1().ConfigMaps("x").Get(context.TODO(), name, metav1.GetOptions{})\n 	}',
    )
    (found,) = [each for each in report(looped).asked if each.resource == "configmaps"]
    assert found.after.told == "1 place, in a loop, every 1 s"


def test_moved_code_asks_for_nothing_new() -> None:
    moved = """
--- a/pkg/kubelet/a.go
+++ /dev/null
@@
-package kubelet
-
-import "k8s.io/client-go/kubernetes"
-
-func get(client kubernetes.Interface) {
-	client.CoreV1().Nodes().Get(ctx, "x", opts)
-}
--- /dev/null
+++ b/pkg/kubelet/b.go
@@
+package kubelet
+
+import "k8s.io/client-go/kubernetes"
+
+func fetch(c kubernetes.Interface) {
+	c.CoreV1().Nodes().Get(ctx, "x", opts)
+}
"""
    assert report(moved).asked == ()


def test_the_line_that_is_told_is_the_new_one_among_equals() -> None:
    text = """
--- a/pkg/kubelet/a.go
+++ b/pkg/kubelet/a.go
@@
 package kubelet
 
 import "k8s.io/client-go/kubernetes"
 
 func get(client kubernetes.Interface) {
+	client.CoreV1().Nodes().Get(ctx, "x", opts)
 	client.CoreV1().Nodes().Get(ctx, "y", opts)
 }
"""
    (found,) = report(text).asked
    assert (found.line, found.after.places) == (6, 1)


def test_too_much_that_was_there_is_cut_and_said() -> None:
    many = "\n".join([' 	client.CoreV1().Nodes().Get(ctx, "y", opts)'] * 250)
    text = f"""
--- a/pkg/kubelet/a.go
+++ b/pkg/kubelet/a.go
@@
 package kubelet
 
 import "k8s.io/client-go/kubernetes"
 
 func get(client kubernetes.Interface) {{
+	work()
{many}
 }}
"""
    found = report(text)
    assert len(found.present) == 200
    assert [each.path for each in found.skipped] == ["pkg/kubelet/a.go"]


def test_a_failure_takes_no_diagnostic_away(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: object) -> tuple[Present, ...]:
        raise ValueError("x")

    monkeypatch.setattr(driver, "present", fails)
    with caplog.at_level(logging.CRITICAL):
        change = harness.load(f"deep: true\n{KUBELET}").change()
        found = driver.analyze(change, catalogue.load(None), catalogue.known())
    assert any(each.line == 25 for each in found.diagnostics)
    assert [each.reason for each in found.skipped] == [
        "what was there before was not found (ValueError); please report it"
    ]


def test_a_request_that_moved_into_a_loop_is_news_and_not_what_was_there() -> None:
    text = """
--- a/pkg/kubelet/a.go
+++ b/pkg/kubelet/a.go
@@
 package kubelet
 
 import "k8s.io/client-go/kubernetes"
 
 func get(client kubernetes.Interface, names []string) {
-	client.CoreV1().Nodes().Get(ctx, "x", opts)
+	for _, name := range names {
+		client.CoreV1().Nodes().Get(ctx, name, opts)
+	}
 	client.CoreV1().Services("x").Get(ctx, "y", opts)
 }
"""
    assert there(report(text)) == [(9, "`GET of services`")]
