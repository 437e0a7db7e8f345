"""Connecting, and what is said when it fails."""

import base64
import http.server
import json
import socket
import threading

import pytest

from screentime.config import Config, Project
from screentime.errors import ServerError, UserMistake
from screentime.labelstudio import listener, server
from screentime.labelstudio.client import TOKEN_REMEDY, Client, _line, connect, plain_address, speaking
from screentime.labelstudio.link import open_link
from scripts.faults.personal import personal_token

TOKEN = "ab" * 20
CONFIG = Config(project=Project(id="0123456789ab", title="A film", characters=("Tom",), films=("f.mp4",)))


def test_legacy_token(ls_client, ls_server):
    assert ls_client.url == ls_server.url
    assert ls_client.user == 1


def test_personal_access_token(ls_home, ls_server):
    token = personal_token(ls_server.url, server.credentials(ls_home))
    client = connect(f" {ls_server.url}/ ", token)
    assert client.user == 1 and client.url == ls_server.url
    assert token not in repr(client)
    assert client.request("GET", "api/current-user/whoami")["email"] == "screentime@localhost"


def test_address_without_scheme(ls_home, ls_server):
    assert connect(f"127.0.0.1:{ls_server.port}", server.credentials(ls_home).token).user == 1


@pytest.mark.parametrize("token", [TOKEN, "no-token-at-all"])
def test_wrong_token(ls_server, token):
    with pytest.raises(ServerError) as raised:
        connect(ls_server.url, token)
    assert raised.value.what == (
        f"Label Studio refuses the token (while connecting to Label Studio at {ls_server.url})."
    )
    assert raised.value.remedy == TOKEN_REMEDY
    assert token not in str(raised.value)


@pytest.mark.parametrize("end", [1e30, "soon", [], float("nan")])
def test_a_token_that_ends_at_no_moment_is_refused(end):
    def part(said):
        return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")

    with pytest.raises(ServerError, match="Label Studio refuses the token"):
        connect("http://127.0.0.1:1", f"{part({'alg': 'HS256'})}.{part({'exp': end})}.AAAA")


def test_token_that_cannot_be_one():
    with pytest.raises(UserMistake, match="The token is empty or holds spaces"):
        connect("http://localhost:1", " ")


def test_address_that_cannot_be_one():
    with pytest.raises(UserMistake, match="ftp://x is no address of a server."):
        connect("ftp://x", TOKEN)


@pytest.mark.parametrize("url", [
    "http://..", "http://a..b:80", f"http://{'a' * 70}.invalid", "http://☃.x", "http://xn--", "http://[v1.x]/",
    "http://[::1", "http://127.0.0.1:99999", "http://a。。b",
])
def test_an_address_that_no_machine_can_have_is_told(url):
    with pytest.raises(UserMistake) as raised:
        connect(url, TOKEN)
    assert raised.value.what == f"{url.rstrip('/')} is no address of a server."
    assert raised.value.remedy == "Give one like http://localhost:8080."


@pytest.mark.parametrize("url", ["http://a\x00b", "http://a\x1b[31mb", "http://\xadx.y"])
def test_an_address_with_characters_that_do_not_show_is_not_repeated(url):
    with pytest.raises(UserMistake, match="^What was given is no address of a server."):
        connect(url, TOKEN)


@pytest.mark.parametrize("url", ["http://localhost", "http://[::1]:8080", "https://xn--bcher-kva.invalid/ls", "http://bücher.invalid.", "http://a_b:1"])
def test_addresses_that_machines_have(url):
    assert plain_address(url) == url


@pytest.mark.parametrize("url", [
    "http://me:hunter2@ls.example.org:8080", "https://hunter2@ls.example.org", "http://ls.example.org/?token=hunter2",
    "me:hunter2@ls.example.org", "http://ls.example.org/#hunter2",
])
def test_a_secret_in_an_address_is_refused_and_not_repeated(url, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_URL", url)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    for reach in (lambda: connect(url, TOKEN), lambda: open_link(CONFIG)):
        with pytest.raises(UserMistake) as raised:
            reach()
        assert raised.value.what == (
            "The address of the Label Studio at ls.example.org holds a user name, a password or a query."
        )
        assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("url", ["http://me:hunter2@", "ftp://me:hunter2@x", "http://me:hunter2@x:port"])
def test_an_address_that_cannot_be_one_is_not_repeated_either(url):
    with pytest.raises(UserMistake, match="What was given is no address of a server.") as raised:
        connect(url, TOKEN)
    assert "hunter2" not in str(raised.value)


def test_nobody_listens(free_port):
    with pytest.raises(ServerError) as raised:
        connect(f"http://127.0.0.1:{free_port}", TOKEN)
    assert raised.value.what.startswith("Nothing answers at Label Studio's address")
    assert raised.value.remedy == "Start it (`screentime server start`), or correct the address."


def test_another_web_server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler) as other:
        other.RequestHandlerClass.log_message = lambda *_: None
        threading.Thread(target=other.serve_forever, daemon=True).start()
        with pytest.raises(ServerError, match="What answers is no Label Studio"):
            connect(f"http://127.0.0.1:{other.server_port}", TOKEN)
        other.shutdown()


class Odd(http.server.BaseHTTPRequestHandler):
    """A Label Studio that accepts every token, and answers everything else as its tests say."""

    status, body = 200, b""

    def do_GET(self):
        connecting = "whoami" in self.path
        said = b'{"id": 1}' if connecting else self.body
        self.send_response(200 if connecting else self.status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_POST = do_GET

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture
def odd(monkeypatch):
    """Tells it what to answer, and where it is."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd) as there:
        threading.Thread(target=there.serve_forever, daemon=True).start()

        def answering(status, body):
            monkeypatch.setattr(Odd, "status", status)
            monkeypatch.setattr(Odd, "body", body)
            return f"http://127.0.0.1:{there.server_port}"

        yield answering
        there.shutdown()


DEEP, LONG = b"[" * 200_000, b'{"id": ' + b"1" * 5000 + b"}"


@pytest.mark.parametrize("body", [DEEP, b'{"a":' * 100_000, LONG, b'{"id": "\xff"}'])
def test_an_answer_that_cannot_be_read_is_told(odd, body):
    client = connect(odd(200, body), TOKEN)
    with pytest.raises(ServerError, match=r"answer is damaged or not .*: it is no JSON, or cut off\."), speaking("asking"):
        client.request("GET", "api/x")


@pytest.mark.parametrize("body", [DEEP, LONG, b'{"detail": ' + b"[" * 900 + b"]" * 900 + b"}"])
def test_of_a_refusal_that_cannot_be_read_one_line_is_told(odd, body):
    client = connect(odd(500, body), TOKEN)
    with (
        pytest.raises(ServerError, match=r"^Label Studio failed with 500 \(while asking\): .{1,300} Run the same"),
        speaking("asking"),
    ):
        client.request("POST", "api/x")


@pytest.mark.parametrize("body", [DEEP, LONG, b"[]"])
def test_what_cannot_be_read_is_no_embedded_server(odd, body):
    assert listener.answers(odd(200, body)) is False


def test_no_answer_in_time():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        client = Client(url, 1, _line(url, TOKEN, local=True))
        with pytest.raises(ServerError, match=r"Label Studio did not answer in time \(while waiting\)."):
            with speaking("waiting"):
                client.request("POST", "api/x", seconds=0.2)


def test_what_is_gone(ls_client):
    with pytest.raises(ServerError, match="Label Studio has no such thing any more"):
        with speaking("reading"):
            ls_client.request("GET", "api/projects/99999/")


def test_refused_request_shows_the_reason_without_the_token(ls_client, ls_home):
    token = server.credentials(ls_home).token
    with pytest.raises(ServerError) as raised:
        with speaking("creating a project"):
            ls_client.request("POST", "api/projects/", json={"title": "x" * 60 + token})
    assert "Label Studio answered 400 (while creating a project)" in str(raised.value)
    assert "no more than 50 characters" in str(raised.value)
    assert token not in str(raised.value)
