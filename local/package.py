"""The package of a function: the four rooms, the API's page, and what they depend on, without what none needs.

    python -m local.package                      # build/function, for Lambda: what template.yaml deploys
    python -m local.package --here --target DIR  # the same for this machine and its Python, to be run here

pip brings what requirements.txt pins, held against its hashes. Then, of what it brought, these go:

1. The models of services that nobody calls. A service is called if its name is an argument of a call somewhere in the
   rooms: ``boto3.client("dynamodb")``, ``call("iam", "GetInstanceProfile", ...)``. botocore has 430 of them, 27 MB.
2. Of the services that are called: superseded versions, and examples. botocore takes the newest version.
3. What installers note down. Names, versions, entry points and licences stay, for `importlib.metadata` and scanners.
4. Scripts, and the parts of libraries that no function imports (``UNUSED``). boto3/docs stays: boto3 imports it.

What stays is compiled for Lambda's Python, if that is at hand: Lambda cannot write bytecode beside the sources, so
every cold start would compile them again, which takes as long as all the rest of it. The bytecode is taken as it is
(PEP 552, unchecked): the zip that carries it changes the sources' times.
"""

import argparse
import ast
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from local import swagger
from local.processes import ROOT

ROOMS = ("commands", "events", "projections", "queries")
TARGET = ROOT / "build" / "function"
PYTHON, PLATFORM = "3.13", "manylinux2014_aarch64"
"""Of Lambda, as template.yaml has it: `Runtime` and `Architectures`."""
NOTED = ("METADATA", "entry_points.txt", "licenses", "LICENSE", "LICENSE.txt", "NOTICE")
_POWERTOOLS = ("event_handler", "utilities/data_classes", "utilities/parser")
UNUSED = (*(f"aws_lambda_powertools/{part}" for part in _POWERTOOLS), "boto3/examples", "bin")
LAMBDA_TASK = "/var/task"
_ELSEWHERE = ("--platform", PLATFORM, "--python-version", PYTHON)


def build(target: Path, root: Path = ROOT, *, here: bool = False) -> None:
    """Makes the package anew. ``here``: for this machine and its Python.

    Raises:
        FileExistsError: there is something at ``target``, and it is no package.
        subprocess.CalledProcessError: pip did not bring what is pinned; it has said why.
    """
    if target.exists() and not (target / "commands" / "app.py").is_file():
        raise FileExistsError(f"{target} is there already, and is no package: name another folder")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as beside:
        package = Path(beside) / "package"
        install(package, root / "requirements.txt", here=here)
        for room in ROOMS:
            shutil.copytree(root / room, package / room, ignore=shutil.ignore_patterns("__pycache__"))
        for path, text in swagger.files().items():
            (package / path).write_text(text, encoding="utf-8")
        prune(package, called(root, services(package)))
        compile_for(sys.executable if here else interpreter(), package)
        shutil.rmtree(target, ignore_errors=True)
        package.rename(target)


def install(target: Path, requirements: Path, *, here: bool) -> None:
    """What a file pins, by hash, as wheels only and without bytecode."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    command += ["--require-hashes", "--only-binary=:all:", *(() if here else _ELSEWHERE)]
    subprocess.run([*command, "--target", str(target), "-r", str(requirements)], check=True)


def services(package: Path) -> set[str]:
    """Every service that there is a model of."""
    return {path.name for path in (package / "botocore" / "data").iterdir() if path.is_dir()}


def called(root: Path, known: set[str]) -> set[str]:
    """Which of the known services the rooms call."""
    sources = (path.read_text() for room in ROOMS for path in (root / room).rglob("*.py"))
    return known & {said for source in sources for said in _arguments(ast.parse(source))}


def prune(package: Path, kept: set[str]) -> None:
    """Takes away what the module's docstring says."""
    for data in (package / "botocore" / "data", package / "boto3" / "data"):
        for service in (path for path in data.iterdir() if path.is_dir()):
            if service.name in kept:
                _newest_only(service)
            else:
                shutil.rmtree(service)
    for information in package.glob("*.dist-info"):
        _remove(path for path in information.iterdir() if path.name not in NOTED)
    _remove([*(package / unused for unused in UNUSED), *package.rglob("__pycache__")])


def interpreter() -> str | None:
    """Lambda's own Python, of whose bytecode every release of it knows the meaning; None if it is not on the PATH."""
    name = f"python{PYTHON}"
    asked = [name, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        found = subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None
    return name if found == PYTHON else None


def compile_for(python: str | None, package: Path) -> None:
    """Bytecode beside every source, as if it lay where Lambda lays it."""
    if python is None:
        print(f"python{PYTHON} is not on the PATH: without bytecode, so every cold start takes twice as long")
        return
    how = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", "-s", str(package), "-p", LAMBDA_TASK]
    subprocess.run([python, "-I", *how, str(package)], check=True)


def size(package: Path) -> int:
    """Bytes of all its files: what Lambda counts against its 250 MB."""
    return sum(path.stat().st_size for path in package.rglob("*") if path.is_file())


def _arguments(tree: ast.AST) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for value in (*call.args, *(keyword.value for keyword in call.keywords)):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def _newest_only(service: Path) -> None:
    *superseded, newest = sorted(service.iterdir())
    _remove([*superseded, *newest.glob("examples-*")])


def _remove(paths: Iterable[Path]) -> None:
    for path in tuple(paths):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def main(argv: list[str]) -> int:
    """Builds it, and says how large it became."""
    parser = argparse.ArgumentParser(prog="python -m local.package", description="The package of a function.")
    parser.add_argument("--target", type=Path, default=TARGET, help="the folder, made anew (default: build/function)")
    parser.add_argument("--here", action="store_true", help="for this machine and its Python, not for Lambda")
    arguments = parser.parse_args(argv)
    build(arguments.target, here=arguments.here)
    kept = ", ".join(sorted(services(arguments.target)))
    print(f"{arguments.target}: {size(arguments.target) / 1e6:.1f} MB, with the models of {kept}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
