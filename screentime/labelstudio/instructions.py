"""What the project tells people who label: what counts as on screen, and which keys do it."""

from __future__ import annotations

import hashlib

TEXT = (
    "<p><b>Who is on screen in the large picture?</b> Label what you see there and nothing else. The small"
    " pictures show the second before and the second after; they only help you to recognise.</p>"
    "<p>&nbsp;</p>"
    "<p><b>It counts</b> when you can tell who it is: from behind, a part alone (a tail, a hand, a pair of"
    " ears at the edge), far away, in the dark, half hidden, disguised, blurred by a movement, as a"
    " silhouette. A reflection or a shadow of a character counts too: the character is there.</p>"
    "<p><b>It does not count</b> when only a likeness is there: a drawing, photograph, statue or toy of the"
    " character, a picture on a title card or in the credits, a written name; or when you only hear it.</p>"
    "<p><b>A cut or a cross-fade:</b> only the large picture counts, whatever the small ones show; where"
    " two shots lie over one another, everyone whom you can tell.</p>"
    "<p><b>neither</b> means none of the characters named, whoever else is there.</p>"
    "<p>&nbsp;</p>"
    "<p><b>Keys:</b> the key beside a name switches it on or off, Ctrl+Enter goes on. Where the choice is"
    " made already and right, Ctrl+Enter alone confirms it. Where several can be chosen, switch off who is"
    " wrong and switch on who is right: a name corrects a <i>neither</i> that was there, and <i>neither</i>"
    " corrects names that were there, without switching them off. Skip (Ctrl+Space) what you cannot"
    " tell.</p>"
)

# SHA-256 of each text that this program wrote before. A project that still has one of them gets the
# present text; any other text was written by somebody, and stays.
EARLIER = frozenset({"e54116dfc37f81e1059cc4dd0fc147ee706616d794f39898698b88e271eec1cb"})


def is_ours(text: str) -> bool:
    """Whether a project's instruction is one that this program wrote, or none at all.

    Parameters
    ----------
    text : str
        As Label Studio has it.

    Returns
    -------
    bool
    """
    return not text or text == TEXT or hashlib.sha256(text.encode()).hexdigest() in EARLIER
