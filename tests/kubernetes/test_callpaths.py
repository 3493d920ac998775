"""How a line is reached: timers and their periods, workers, handlers, reconciles, start-up, loops on the way."""

import pytest

from analyzers.analysis.tree import MemoryTree
from analyzers.golang.types.checker import PackageIndex
from analyzers.kubernetes.execution.callpaths import CallPath, CallPaths

HEAD = """package x

import (
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

const period = 3 * time.Minute

type c struct {
	interval time.Duration
	handler  func(string)
}

func (c *c) target() { mark() }

"""


RUN = "func (c *c) Run(stop chan struct{}) { wait.Until(c.target, c.interval, stop) }\n"


def path_of(code: str) -> CallPath:
    """The worst path to the call of mark()."""
    index = PackageIndex(MemoryTree({"go.mod": "module example.org/x\n", "pkg/x/x.go": HEAD + code}))
    file = index.file("pkg/x/x.go")
    assert file is not None
    function = next(each for each in file.functions if any(call.name == "mark" for call in each.calls))
    call = next(call for call in function.calls if call.name == "mark")
    return CallPaths(index).worst(function, call)


@pytest.mark.parametrize(
    ("code", "root", "seconds"),
    [
        ("func (c *c) Run(stop chan struct{}) { wait.Until(c.target, 10*time.Second, stop) }", "periodic", 10),
        (
            "func (c *c) Run(stop chan struct{}) { go wait.JitterUntil(func() { c.target() }, period, 1, true, stop) }",
            "periodic",
            180,
        ),
        ("func (c *c) loop() { for { c.target(); time.Sleep(500 * time.Millisecond) } }", "periodic", 0.5),
        (
            RUN + "func made() *c { return &c{interval: 2 * time.Second} }",
            "periodic",
            2,
        ),
        (
            RUN + "func made(d time.Duration) *c { return &c{interval: d} }",
            "periodic",
            None,
        ),
        (
            "func (c *c) wait() { wait.Poll(time.Second, time.Minute, func() (bool, error) { c.target(); return true, nil }) }",
            "poll",
            1,
        ),
        # Without a pause it is only begun anew when it ends.
        ("func (c *c) Run(stop chan struct{}) { wait.Until(c.target, 0, stop) }", "poll", None),
        (
            "func (c *c) wait(ctx context.Context) {\n"
            "\tlocal, cancel := context.WithCancel(ctx)\n"
            "\twait.JitterUntil(func() { c.target(); cancel() }, time.Second, 0.4, true, local.Done())\n"
            "}",
            "poll",
            1,
        ),
        ("func (c *c) Reconcile(ctx context.Context, request ctrl.Request) { c.target() }", "event", None),
        (
            "func newController(p time.Duration) *c { made := &c{interval: p}; made.target(); return made }",
            "start-up",
            None,
        ),
        ("func (c *c) other() { c.target() }", "unknown", None),
    ],
)
def test_root(code: str, root: str, seconds: float | None) -> None:
    path = path_of(code)
    assert path.root == root
    assert (path.repetition.seconds if path.repetition is not None else None) == seconds


def test_a_worker_is_driven_by_its_queue_not_by_the_timer_that_restarts_it() -> None:
    path = path_of(
        "func (c *c) Run(stop chan struct{}) { wait.Until(c.worker, time.Second, stop) }\n"
        "func (c *c) worker() { for c.processNextItem() {} }\n"
        "func (c *c) processNextItem() bool { key, quit := queue.Get(); c.target(); queue.Done(key); return key != quit }"
    )
    assert path.root == "event"


def test_a_worker_that_is_restarted_without_a_pause_is_driven_by_its_queue_too() -> None:
    path = path_of(
        "func (c *c) Run(stop chan struct{}) { wait.Until(c.work, 0, stop) }\n"
        "func (c *c) work() { key, quit := queue.Get(); c.target(); queue.Done(key); _ = quit }"
    )
    assert path.root == "event"


def test_loops_on_the_way_count_where_their_variable_reaches_the_call() -> None:
    looped = (
        "func (c *c) all(names []string) { for _, name := range names { c.one(name) } }\n"
        "func (c *c) one(name string) { mark() }"
    )
    # The name goes into the call of `one`: each item is one call.
    index_path = path_of_function(looped, "c.one")
    assert [item.function.key for item in index_path.loops] == ["c.all"]
    retried = looped.replace("range names { c.one(name)", 'range names { c.one("x")')
    assert path_of_function(retried, "c.one").loops == ()


def path_of_function(code: str, key: str) -> CallPath:
    index = PackageIndex(
        MemoryTree({"go.mod": "module example.org/x\n", "pkg/x/x.go": "package x\n\ntype c struct{}\n\n" + code})
    )
    file = index.file("pkg/x/x.go")
    assert file is not None
    function = file.function(key)
    assert function is not None
    return CallPaths(index).worst(function, function.calls[0])


def test_a_function_kept_in_a_field_is_called_by_who_calls_the_field() -> None:
    path = path_of(
        "func made() *c { c := &c{}; c.handler = c.refresh; return c }\n"
        "func (c *c) refresh(name string) { c.target() }\n"
        'func (c *c) Run(stop chan struct{}) { wait.Until(func() { c.handler("x") }, time.Minute, stop) }'
    )
    assert path.root == "periodic"
    assert path.functions[0].key == "c.Run"


def test_callers_that_call_each_other_end() -> None:
    path = path_of("func (c *c) a() { c.b(); c.target() }\nfunc (c *c) b() { c.a() }")
    assert path.root == "unknown"
