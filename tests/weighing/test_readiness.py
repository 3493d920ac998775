"""What a change shows of the Scalability questions of a production readiness review, and that it claims no more."""

import logging

import pytest

from analyzers.analysis.readiness import Shown
from analyzers.analysis.report import Report
from analyzers.driver import driver
from analyzers.kubernetes.execution.critical_paths import ADMISSION, RECONCILER, SCHEDULING_A_POD, WEBHOOK
from analyzers.kubernetes.production_readiness import Topic, objective
from tests import harness


def shown(text: str, topic: Topic) -> list[tuple[str, str, int]]:
    found: list[Shown] = [each for each in report(text).readiness if each.topic is topic]
    return [(each.what, each.places[0].path, each.places[0].line) for each in found]


def report(text: str) -> Report:
    return harness.load(f"deep: true\n{text}").report()


TYPES = """
--- a/pkg/apis/core/v1/types.go
+++ b/pkg/apis/core/v1/types.go
@@
 package v1
 
 import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
 
 type Widget struct {
 	metav1.TypeMeta
 	metav1.ObjectMeta
 
 	Spec WidgetSpec
 }
 
 type WidgetSpec struct {
-	Size int64
+	Bytes int64
 	Name string
+	Parts []Part
+	Owner *Owner
 }
 
 type Part struct {
 	Name string
+	Note map[string]string
 }
 
+type Owner struct {
+	Name string
+}
+
 type Options struct {
 	metav1.TypeMeta
+	Limit int64
 }
"""


def test_new_fields_of_objects_are_told_and_renamed_ones_and_those_of_other_structs_are_not() -> None:
    path = "pkg/apis/core/v1/types.go"
    assert shown(TYPES, Topic.OBJECTS) == [
        ("`Part.Note`, `map[string]string`", path, 21),
        ("`WidgetSpec.Owner`, `*Owner`", path, 16),
        ("`WidgetSpec.Parts`, `[]Part`", path, 15),
    ]
    assert shown(TYPES, Topic.TYPES) == []


GADGET = """
--- /dev/null
+++ b/pkg/apis/core/v2/types.go
@@
+package v2
+
+import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
+
+// +kubebuilder:resource:path=gadgets,scope=Cluster
+type Gadget struct {
+	metav1.TypeMeta
+	metav1.ObjectMeta
+}
+
+type Widget struct {
+	metav1.TypeMeta
+	metav1.ObjectMeta
+}
+
+type GadgetList struct {
+	metav1.TypeMeta
+	metav1.ListMeta
+	Items []Gadget
+}
--- /dev/null
+++ b/config/crd/gadgets.yaml
@@
+apiVersion: apiextensions.k8s.io/v1
+kind: CustomResourceDefinition
+metadata:
+  name: gadgets.example.com
+spec:
+  group: example.com
+  names:
+    kind: Gadget
+  scope: Cluster
"""


def test_new_types_are_told_once_with_all_their_declarations_and_a_new_version_as_such() -> None:
    # The context brings the first version of Widget along.
    text = f"{TYPES}{GADGET}"
    assert shown(text, Topic.TYPES) == [
        ("`Gadget` of `example.com`, without a namespace", "pkg/apis/core/v2/types.go", 6),
        ("a further version of `Widget`", "pkg/apis/core/v2/types.go", 11),
    ]
    gadget = next(each for each in report(text).readiness if "Gadget" in each.what)
    assert [place.path for place in gadget.places] == ["pkg/apis/core/v2/types.go", "config/crd/gadgets.yaml"]


def test_a_type_that_moved_is_none() -> None:
    moved = """
--- a/pkg/apis/core/v1/types.go
+++ b/pkg/apis/core/v1/types.go
@@
 package v1
 
 import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
 
 type Kept struct{}
 
-type Widget struct {
-	metav1.TypeMeta
-	metav1.ObjectMeta
-}
--- a/pkg/apis/other/v1/types.go
+++ b/pkg/apis/other/v1/types.go
@@
 package v1
 
 import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
 
 type Kept struct{}
+
+type Widget struct {
+	metav1.TypeMeta
+	metav1.ObjectMeta
+}
"""
    assert shown(moved, Topic.TYPES) == []


CLOUD = """
--- a/pkg/controller/route/route.go
+++ b/pkg/controller/route/route.go
@@
 package route
 
 import (
 	"context"
 
 	"github.com/aws/aws-sdk-go-v2/service/ec2"
 	cloudprovider "k8s.io/cloud-provider"
 	compute "google.golang.org/api/compute/v1"
 )
 
 type Controller struct {
 	routes  cloudprovider.Routes
 	ec2     *ec2.Client
 	compute *compute.Service
 	local   Routes
 }
 
 type Routes struct{}
 
 func (r Routes) ListRoutes(ctx context.Context, cluster string) {}
 
 func (c *Controller) reconcile(ctx context.Context, names []string) {
-	c.routes.ListRoutes(ctx, "one")
+	c.routes.ListRoutes(ctx, "another")
+	c.local.ListRoutes(ctx, "local")
+	for _, name := range names {
+		c.routes.DeleteRoute(ctx, "one", nil)
+		c.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{})
+		c.compute.Instances.Get("project", "zone", name).Context(ctx).Do()
+	}
 }
"""


def test_calls_to_clouds_are_told_by_the_type_of_what_is_called() -> None:
    path = "pkg/controller/route/route.go"
    where = "in `Controller.reconcile` (controller), in a loop"
    assert shown(CLOUD, Topic.CLOUD) == [
        (f"`c.routes.DeleteRoute` of `cloudprovider.Routes` {where}", path, 26),
        (f"`c.ec2.DescribeInstances` of `AWS ec2` {where}", path, 27),
        (f"`c.compute.Instances.Get.Context.Do` of `Google Cloud compute` {where}", path, 28),
    ]


NODE = """
--- a/PATH
+++ b/PATH
@@
 package agent
 
 import (
 	"net"
 	"os"
 	"os/exec"
 )
 
 func run(names []string) {
-	exec.Command("mount", "a").Run()
+	exec.Command("mount", "b").Run()
+	os.Remove("a")
+	for _, name := range names {
+		exec.Command("du", name).Run()
+		net.Dial("unix", name)
+		os.MkdirAll(name, 0o700)
+	}
 }
"""


def test_what_is_taken_of_a_node_is_told_where_code_runs_on_every_node() -> None:
    path = "pkg/kubelet/agent/agent.go"
    where = "in `run` (kubelet), in a loop"
    assert shown(NODE.replace("PATH", path), Topic.NODE) == [
        (f"`exec.Command` makes a process {where}", path, 13),
        (f"`net.Dial` makes a socket {where}", path, 14),
        (f"`os.MkdirAll` makes an inode {where}", path, 15),
    ]
    assert shown(NODE.replace("PATH", "pkg/controller/agent/agent.go"), Topic.NODE) == []


ADMIT = """
--- a/plugin/pkg/admission/quota/admission.go
+++ b/plugin/pkg/admission/quota/admission.go
@@
 package quota
 
 import (
 	"context"
 
 	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
 	"k8s.io/apiserver/pkg/admission"
 	"k8s.io/client-go/kubernetes"
 )
 
 type quota struct {
 	client kubernetes.Interface
 }
 
 func (q *quota) Admit(ctx context.Context, a admission.Attributes, o admission.ObjectInterfaces) error {
+	_, err := q.client.CoreV1().ResourceQuotas(a.GetNamespace()).List(ctx, metav1.ListOptions{})
+	if err != nil {
+		return err
+	}
 	return nil
 }
"""


def test_a_request_on_a_path_that_an_objective_is_measured_on_answers_two_questions() -> None:
    path = "plugin/pkg/admission/quota/admission.go"
    [(time, where, line)] = shown(ADMIT, Topic.TIME)
    assert time.endswith("on the admission path. It counts against the objective of API call latency.")
    assert (where, line) == (path, 16)
    [(calls, *_)] = shown(ADMIT, Topic.CALLS)
    assert "LIST of resourcequotas" in calls


def test_objects_that_are_newly_created_are_told_with_who_creates_them() -> None:
    text = ADMIT.replace(
        "ResourceQuotas(a.GetNamespace()).List(ctx, metav1.ListOptions{})",
        'ConfigMaps("x").Create(ctx, nil, metav1.CreateOptions{})',
    )
    path = "plugin/pkg/admission/quota/admission.go"
    assert shown(text, Topic.OBJECTS) == [("`configmaps`, created by the API server", path, 16)]
    elsewhere = text.replace(path, "pkg/quota/quota.go")
    assert shown(elsewhere, Topic.OBJECTS) == [("`configmaps`, created by this code", "pkg/quota/quota.go", 16)]
    review = text.replace("ConfigMaps", "SubjectAccessReviews")
    assert shown(review, Topic.OBJECTS) == []


def test_only_paths_that_a_signature_or_a_caller_shows_count_against_an_objective() -> None:
    assert objective(ADMISSION) == "API call latency"
    assert objective(SCHEDULING_A_POD) == "pod start-up latency"
    assert [objective(path) for path in (RECONCILER, WEBHOOK, None)] == ["", "", ""]


def test_a_change_that_shows_nothing_shows_nothing() -> None:
    text = "--- a/pkg/a/a.go\n+++ b/pkg/a/a.go\n@@\n package a\n \n-var a = 1\n+var a = 2\n"
    assert report(text).readiness == ()


def test_only_a_deep_analysis_looks_and_it_crosses_processes() -> None:
    assert harness.load(TYPES).report().readiness == ()
    whole = report(f"{TYPES}{GADGET}")
    assert Report.from_json(whole.to_json()) == whole


def test_a_mistake_in_it_takes_nothing_else_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> tuple[Shown, ...]:
        raise RuntimeError("broken")

    monkeypatch.setattr(driver, "readiness", broken)
    with caplog.at_level(logging.CRITICAL):
        found = report(ADMIT)
    assert found.readiness == () and found.asked and found.diagnostics
    assert any("readiness" in each.reason for each in found.skipped)
