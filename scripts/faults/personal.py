"""A personal access token, made as a browser makes it."""

from __future__ import annotations

from screentime.labelstudio.installation import Credentials


def personal_token(url: str, account: Credentials) -> str:
    """The account's personal access token at a server; it ends the one before, since an account has one."""
    import httpx

    with httpx.Client(base_url=url, follow_redirects=False, trust_env=False) as browser:
        browser.get("/user/login/")
        form = {"email": account.username, "password": account.password}
        sent = browser.post("/user/login/", data=form | {"csrfmiddlewaretoken": browser.cookies["csrftoken"]})
        if sent.status_code != httpx.codes.FOUND:
            raise RuntimeError(f"logging in answers {sent.status_code}")
        browser.headers["X-CSRFToken"] = browser.cookies["csrftoken"]
        for one in browser.get("/api/token/").json():
            browser.post("/api/token/blacklist/", json={"refresh": one["token"]})
        made = browser.post("/api/token/")
        return str(made.json()["token"])
