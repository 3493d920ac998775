from tests.end_to_end.conftest import Bot, eventually

BEFORE = """\
package scheduler

type Pod struct {
	Name        string
	Labels      map[string]string
	Spec        [40]string
	Annotations map[string]string
}

func count(pods []*Pod) int {
	return len(pods)
}
"""
AFTER = BEFORE + """
func fits(pod Pod, names []string) bool {
	return len(names) > 0 && pod.Name != ""
}
"""
FILES = {"go.mod": "module k8s.io/kubernetes\n\ngo 1.21\n", "pkg/scheduler/fits.go": BEFORE}


def test_an_opened_pull_request_is_reviewed(bot: Bot) -> None:
    repository = bot.github.repository("octo/opened")
    repository.commit(FILES)
    pull = repository.open_pull({"pkg/scheduler/fits.go": AFTER}, "Add fits")
    eventually(lambda: repository.check_runs(pull), "the check run")
    bot.idle()
    print(pull.reviews, pull.review_comments, repository.check_runs(pull))
    assert 0
