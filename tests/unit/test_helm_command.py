"""What is told of a helm that failed."""

from implementation_dag.helm.command import last_words


def test_an_error_of_several_lines_is_told_whole() -> None:
    lines = ["Release does not exist.", "Error: values don't meet the schema:", "- at '/port': got string", ""]
    assert last_words(lines) == "Error: values don't meet the schema: - at '/port': got string"


def test_without_an_error_the_last_line_is_told() -> None:
    assert last_words(["one", "two"]) == "two"
    assert last_words([]) == "no output"
