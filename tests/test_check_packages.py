"""The packages are pinned, and where nobody can say whether they are safe, that is said."""

import importlib.machinery
import importlib.util
import json
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
_loader = importlib.machinery.SourceFileLoader("check_packages", str(SCRIPTS / "check_packages"))
check_packages = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_packages", _loader))
_loader.exec_module(check_packages)


def test_ours_are_pinned(capsys):
    files = sorted(SCRIPTS.glob("requirements-*.txt"))
    assert len(files) == 3 and check_packages.check(files, pins_only=True) == 0
    assert capsys.readouterr().out == (
        "All packages in requirements-bench.txt, requirements-labelstudio.txt, requirements-screentime.txt are pinned.\n"
    )


@pytest.mark.parametrize("line", [
    "numpy", "numpy>=2", "numpy==2.*", "numpy~=2.0", "numpy==2,<3", "-e .", "--index-url https://host/simple", "./wheel.whl",
    "--extra-index-url https://host/simple", "numpy @ https://host/numpy.whl", "git+https://host/x", "numpy==2 --hash=sha256:0",
    "https://host/x.tar.gz", "-r other.txt", "numpy===2",
])
def test_what_is_not_pinned_or_names_a_place_is_found(tmp_path, line, capsys):
    file = tmp_path / "requirements.txt"
    file.write_text(f"# a comment\nhttpx==0.28.1\n\npsycopg[binary]==3.1 ; python_version < '3.12'\n{line}\n")
    assert check_packages.check([file], pins_only=True) == check_packages.FOUND
    assert capsys.readouterr().out == f"requirements.txt: {line!r} is not pinned by ==.\n"


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """A pip-audit that says what it is told to, and a pinned file."""

    def make(**answers):
        program = tmp_path / "pip-audit"
        (tmp_path / "answers.json").write_text(json.dumps(answers))
        program.write_text(
            "#!/usr/bin/env python3\nimport json, pathlib, sys\n"
            f"answers = json.loads(pathlib.Path({str(tmp_path / 'answers.json')!r}).read_text())\n"
            "lines = pathlib.Path(sys.argv[-1]).read_text().split()\n"
            "print(json.dumps({'dependencies': [answers[line] for line in lines if line in answers]}))\n"
        )
        program.chmod(0o755)
        monkeypatch.setattr(check_packages, "command", lambda: [str(program)])
        file = tmp_path / "requirements-x.txt"
        file.write_text("a==1\nb==2\n")
        return check_packages.check([file], pins_only=False)

    return make


KNOWN = {"urllib3==1.24": {"name": "urllib3", "version": "1.24", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.25"]}]}}
SAFE = {"a==1": {"name": "a", "version": "1", "vulns": []}, "b==2": {"name": "b", "version": "2", "vulns": []}}


def test_a_known_vulnerability_is_told_with_the_version_that_mends_it(asked, capsys):
    bad = {"name": "b", "version": "2", "vulns": [{"id": "PYSEC-2", "fix_versions": ["2.1", "3.0"]}, {"id": "PYSEC-3", "fix_versions": []}]}
    assert asked(**KNOWN, **SAFE | {"b==2": bad}) == 1
    assert capsys.readouterr().out.splitlines()[1:] == [
        "requirements-x.txt: b 2: PYSEC-2, mended in 2.1, 3.0.", "requirements-x.txt: b 2: PYSEC-3, mended in no version yet.",
    ]


def test_without_any_all_is_well_and_what_was_not_looked_up_is_told(asked, capsys):
    assert asked(**KNOWN, **SAFE | {"a==1": {"name": "a", "skip_reason": "a could not be audited"}}) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "requirements-x.txt: a could not be audited", "pip-audit knows no vulnerability of what it could look up.",
    ]


@pytest.mark.parametrize("answer", [{}, {"urllib3==1.24": {"name": "urllib3", "skip_reason": "not found"}}])
def test_where_nothing_is_known_of_what_everybody_knows_nothing_was_audited(asked, capsys, answer):
    """A registry that knows of no vulnerabilities makes pip-audit say that there are none."""
    assert asked(**answer, **SAFE) == check_packages.UNREACHABLE == 3
    said = capsys.readouterr()
    assert said.err.startswith("The known vulnerabilities cannot be asked for from here: pip-audit finds none in urllib3==1.24")
    assert "no vulnerability" not in said.out


def test_what_was_found_is_not_forgotten_where_another_file_cannot_be_asked_for(tmp_path, monkeypatch):
    bad = {"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": []}]}
    files = [tmp_path / "requirements-a.txt", tmp_path / "requirements-b.txt"]
    for file in files:
        file.write_text("a==1\n")
    monkeypatch.setattr(check_packages, "command", lambda: ["pip-audit"])
    monkeypatch.setattr(check_packages, "told", lambda _: True)
    monkeypatch.setattr(check_packages, "audit", lambda _, file: [bad] if file == files[0] else None)
    assert check_packages.check(files, pins_only=False) == check_packages.FOUND == 1
    assert check_packages.check(files[1:], pins_only=False) == check_packages.UNREACHABLE


def test_a_missing_pip_audit_is_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(check_packages, "FOLDER", tmp_path / "scripts")
    assert check_packages.check([], pins_only=False) == check_packages.MISSING == 2
    assert capsys.readouterr().err == "Nothing is here that runs pip-audit. Run `scripts/setup`, and try again.\n"


def test_the_uv_that_setup_brings_is_used(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(check_packages, "FOLDER", tmp_path / "scripts")
    uvx = tmp_path / ".venv-uv" / "bin" / "uvx"
    uvx.parent.mkdir(parents=True)
    uvx.touch(0o755)
    assert check_packages.command() == [str(uvx), "--quiet", check_packages.PIP_AUDIT]
