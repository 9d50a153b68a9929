from headway.formatting import markup


def test_hostile_text_is_no_element():
    assert markup.span('<script>"&') == "&lt;script&gt;&quot;&amp;"
    assert "<script>" not in markup.spans([("bad", "<script>"), ("", "<script>")])


def test_a_style_is_said_at_the_element():
    assert markup.span("x", "bad").startswith('<span style="color:')
    assert markup.span("x") == "x"


def test_a_bar_is_full_only_at_its_end():
    assert 'aria-valuenow="99"' in markup.bar(0.9999)
    assert 'aria-valuenow="100"' in markup.bar(1.0)
    assert 'aria-valuenow="0"' in markup.bar(-1.0)


def test_rows_stand_in_one_element():
    made = markup.block([markup.row("a"), markup.row("b", 1)])
    assert made.count("<div") == made.count("</div>") == 3
    assert "padding-left" in made
