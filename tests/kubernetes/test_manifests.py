from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.kubernetes.versions import manifests

AGENT = """apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
---
# The agent
kind: DaemonSet
metadata:
  name: agent-{{ .Release.Name }}
spec:
  template:
    spec:
      {{- with .Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
      - name: agent
        resources:
          requests:
            cpu: 100m
            memory: {{ .Values.memory }}
          limits:
            memory: 64Mi
      - name: proxy
"""


def test_a_template_is_read_as_far_as_it_is_yaml() -> None:
    (found,) = manifests.workloads("deploy/agent.yaml", AGENT)
    assert (found.kind, found.name, found.every_node) == ("DaemonSet", "agent-x", True)
    agent = found.containers["agent"]
    assert (agent.line, agent.end_line) == (18, 24)
    assert (agent.requests["cpu"].amount, agent.requests["cpu"].line) == (Decimal("0.1"), 21)
    assert agent.requests["memory"].amount is None
    assert agent.limits["memory"].amount == 64 * 2**20
    assert found.containers["proxy"].requests == {}


def test_other_workloads_count_only_below_addons() -> None:
    text = AGENT.replace("DaemonSet", "Deployment")
    assert list(manifests.workloads("deploy/agent.yaml", text)) == []
    assert len(list(manifests.workloads("cluster/addons/agent.yaml.in", text))) == 1


@pytest.mark.parametrize(
    ("text", "amount"), [("100m", "0.1"), ("2", "2"), ("0.5", "0.5"), ("1Gi", str(2**30)), ("10k", "10000")]
)
def test_quantities(text: str, amount: str) -> None:
    assert manifests.quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "x", "1.2.3", "$CPU", "100 m", "-1", "1e3"])
def test_what_is_no_quantity_is_unknown(text: str) -> None:
    assert manifests.quantity(text) is None


@pytest.mark.parametrize(
    "nested", ["[" * 30_000 + "]" * 30_000, "[" * 50_000, "- " * 50_000, "{a: " * 20_000, "{{" * 40_000, "{%" * 40_000]
)
def test_hostile_documents_are_left_alone(nested: str) -> None:
    assert list(manifests.workloads("a.yaml", f"kind: DaemonSet\nmetadata: {{name: a}}\nspec: {nested}")) == []


@given(st.text(alphabet="kind: DaemonSet\n-[]{}&*!|>'\"%@`#\t", max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    list(manifests.workloads("cluster/addons/a.yaml", "kind: DaemonSet\n" + text))
    list(manifests.workloads("cluster/addons/a.go", text))
