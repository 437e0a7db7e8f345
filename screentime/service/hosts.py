"""Under which names the service may be asked for.

A page of anybody's can have its own name lead to this machine once it is open, and then read what is answered under
that name. It always asks by a name with a dot, never by a number.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection

# A name or a number, and a port: nothing else is the Host of a request.
_HOST = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[^\s:/@\[\]]+))(?::\d+)?")


def trusted(header: str, names: Collection[str], *, near: bool) -> bool:
    """Whether a request may be answered.

    Parameters
    ----------
    header : str
        Its ``Host``; empty where it has none.
    names : collection of str
        Names and numbers that are known, in small letters and without brackets; ``*`` is all of them.
    near : bool
        Whether all numbers and all names without a dot are, too: other machines know this one by which they like.

    Returns
    -------
    bool
    """
    found = _HOST.fullmatch(header)
    if found is None:
        return "*" in names
    host = (found["six"] or found["name"]).lower()
    return "*" in names or host in names or (near and ("." not in host or _is_number(host)))


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
