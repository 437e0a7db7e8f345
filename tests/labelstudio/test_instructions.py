from screentime.labelstudio import instructions

# What projects had before there was another.
FIRST_TEXT = (
    "<p>Who is on screen in the large picture? A character counts when you can recognise any part of it:"
    " from behind, in part, in the distance. The small pictures show the second before and the second"
    " after; they only help you to recognise.</p>"
    "<p>Press the key beside a name, then Ctrl+Enter. When the choice is made already and right,"
    " Ctrl+Enter alone confirms it. Skip (Ctrl+Space) what you cannot tell.</p>"
)

def test_ours_is_the_present_text_an_earlier_one_or_none():
    assert all(map(instructions.is_ours, (FIRST_TEXT, instructions.TEXT, "")))
    assert not instructions.is_ours(FIRST_TEXT + " And Spike.")


def test_the_text_takes_a_stand_on_every_doubtful_case():
    said = instructions.TEXT
    counts, does_not = said.split("It counts")[1].split("It does not count")
    assert all(word in counts for word in ("behind", "part", "far away", "dark", "silhouette", "reflection", "shadow"))
    assert all(word in does_not for word in ("drawing", "photograph", "statue", "title card", "credits", "cut"))
    assert all(key in said for key in ("Ctrl+Enter", "Ctrl+Space"))
