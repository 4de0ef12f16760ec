from io import StringIO

from rich.console import Console

from rollouts.progress import progress


def shown(is_terminal: bool, done: int, total: int) -> str:
    text = StringIO()
    console = Console(file=text, force_terminal=is_terminal, width=80)
    with progress("episodes", total, console) as advance:
        for _ in range(done):
            advance()
    return text.getvalue()


def test_a_log_gets_plain_lines_and_always_the_last() -> None:
    lines = shown(is_terminal=False, done=50, total=50).splitlines()
    assert lines[-1] == "episodes 50/50"
    assert len(lines) < 5


def test_a_terminal_gets_a_bar() -> None:
    text = shown(is_terminal=True, done=3, total=4)
    assert "3/4" in text
    assert "\x1b[" in text
