import pytest

from headway.run.parallel.jobs import BadJob, labels_of, read_lines, separates, split_parts


@pytest.mark.parametrize(
    ("line", "several"),
    [
        ("a ::: b", True),
        ("a x ::: b -- c ::: d", True),
        ("parallel echo -- ::: 1 2", False),
        ("a ::::", False),
        ("a b", False),
    ],
)
def test_only_before_two_dashes_do_three_colons_separate(line, several):
    assert separates(line.split()) is several


def test_after_two_dashes_every_word_belongs_to_its_command():
    parts = split_parts(["a", "1", ":::", "b", "--", "x", ":::", "y"])
    assert [part.argv for part in parts] == [["a", "1"], ["b", "--", "x", ":::", "y"]]


@pytest.mark.parametrize("line", ["::: b", "a ::: ::: b", "a :::"])
def test_an_empty_part_is_named(line):
    with pytest.raises(BadJob, match=r"command \d of \d is empty"):
        split_parts(line.split())


def test_a_file_has_a_command_a_line_with_quotes_as_in_a_shell():
    jobs = read_lines(["# comment\n", "\n", "echo 'a b' c\\|d \"e;f\"\n", "true\n"], "jobs")
    assert [(job.argv, job.where) for job in jobs] == [
        (["echo", "a b", "c|d", "e;f"], "jobs, line 3"),
        (["true"], "jobs, line 4"),
    ]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("echo 'a", "No closing quotation"),
        ("a | b", r"\| is for a shell"),
        ("a;b", "; is for a shell"),
        ("'' x", "the name of the command is empty"),
    ],
)
def test_a_bad_line_of_a_file_is_named(line, reason):
    with pytest.raises(BadJob, match=f"jobs, line 2: {reason}"):
        read_lines(["true", line], "jobs")


def test_a_file_without_commands_is_refused():
    with pytest.raises(BadJob, match="jobs has no command"):
        read_lines(["# nothing"], "jobs")


def test_of_equal_names_all_but_the_first_are_numbered():
    assert labels_of(["sh", "make", "sh", "sh"]) == ["sh", "make", "sh (2)", "sh (3)"]
