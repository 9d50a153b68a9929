import pytest

from headway_viewer.commands.listing.output_format import UnknownField, format_row

FIELDS = {"id": "7f3", "name": "a\x1b[31m", "exit_status": None, "progress": 0.5, "stops": [[1, 2]]}


@pytest.mark.parametrize(
    ("template", "row"),
    [
        (r"{id}\t{progress}", "7f3\t0.5"),
        ("[{exit_status}] {stops}", "[] [[1,2]]"),
        ("{name}", "A\x1b[31M"),
        ("{} {{id}} 100 %", "{} {7f3} 100 %"),
    ],
)
def test_a_field_in_braces_is_its_value(template, row):
    assert format_row(template, FIELDS, str.upper) == row.replace("7f3", "7F3")


def test_a_field_that_there_is_not_is_told_with_those_that_there_are():
    with pytest.raises(UnknownField, match="no field 'nme'; there are id, name, exit_status"):
        format_row("{nme}", FIELDS, str)
