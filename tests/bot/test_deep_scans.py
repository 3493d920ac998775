from bot import deep_scans
from bot.review import Review
from bot.review_request import Assignment
from bot.writes import DEEP_CHECK_RUN
from tests.bot.scene import Scene, diagnostic, links, note, report
from workers.sandbox import Fault

START = 1_000_000.0


def begin(scene: Scene) -> Assignment:
    asked = scene.asked(depth="deep", again=True)
    deep_scans.begun(scene.redis, asked, now=lambda: START)
    scene.write(lambda standing: Review.started(standing, assignment=asked, links=links(scene.head)), asked)
    return asked


def state(scene: Scene) -> list[tuple[str, str, str | None]]:
    return [(run.name, run.status, run.conclusion) for run in scene.repository.check_runs(scene.pull)]


def test_a_deep_scan_is_in_progress_until_its_end(scene: Scene) -> None:
    asked = begin(scene)
    assert state(scene) == [(DEEP_CHECK_RUN, "in_progress", None)]
    scene.post(report(diagnostic(), *(note(f"note {index}", index + 1) for index in range(60))), asked)
    deep_scans.ended(scene.redis, asked)
    assert state(scene) == [(DEEP_CHECK_RUN, "completed", "neutral")]
    assert len(scene.repository.check_runs(scene.pull)[0].annotations) == 60
    assert deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + 3600) == 0


def test_a_deep_scan_that_is_done_again_leaves_nothing_in_progress(scene: Scene) -> None:
    for _ in range(2):
        asked = begin(scene)
        scene.post(report(note()), asked)
    assert [status for _, status, _ in state(scene)] == ["completed"]


def test_an_overdue_deep_scan_is_closed_as_neutral(scene: Scene) -> None:
    begin(scene)

    def close(seconds: float) -> int:
        return deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + seconds)

    assert close(599) == 0
    assert state(scene) == [(DEEP_CHECK_RUN, "in_progress", None)]
    assert close(601) == 1
    assert state(scene) == [(DEEP_CHECK_RUN, "completed", "neutral")]
    assert close(700) == 0


def test_what_github_does_not_let_us_close_now_is_closed_later(scene: Scene) -> None:
    begin(scene)
    scene.simulated.faults.add(Fault(method="PATCH", path="/check-runs/", status=502))
    assert deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + 601) == 0
    assert deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + 661) == 1


def test_a_deep_scan_of_a_repository_that_is_gone_is_forgotten(scene: Scene) -> None:
    begin(scene)
    scene.simulated.faults.add(Fault(path="/check-runs", status=404))
    assert deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + 601) == 0
    before = len(scene.simulated.state.requests)
    assert deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + 661) == 0
    assert len(scene.simulated.state.requests) == before


def test_garbage_among_the_deep_scans_hinders_no_other(scene: Scene) -> None:
    scene.redis.zadd("scalability-bot:deep-scans", {b"no deep scan": 1.0, b"[]": 2.0, b"\xff": 3.0, b"{}": 4.0})
    begin(scene)
    assert deep_scans.close_overdue(scene.redis, scene.app, scene.budget, now=lambda: START + 601) == 1
    assert not scene.redis.exists("scalability-bot:deep-scans")
