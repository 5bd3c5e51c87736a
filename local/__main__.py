"""The command line: `python -m local COMMAND`. Only the command that is asked for is imported."""

import argparse
import sys

from local.processes import StartError

CANNOT_START = 2


def main(argv: list[str]) -> int:
    """The exit code; 2, and one line on standard error, for whatever cannot start."""
    arguments = _parser(argv).parse_args(argv)
    try:
        code: int = arguments.run(arguments)
    except StartError as error:
        return _refused(str(error))
    except ModuleNotFoundError as error:
        return _refused(f"not installed: {error.name} (pip install -r requirements-dev.txt)")
    return code


def _parser(argv: list[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local", description="The whole service on one machine.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    serve = commands.add_parser("serve", help="the embedded cloud, until Ctrl-C; prints its addresses as one JSON line")
    serve.add_argument("--port", type=int, default=0, help="of AWS's services on 127.0.0.1; any free one if left out")
    serve.add_argument("--servers", type=int, default=100, help="source servers in DRS")
    serve.set_defaults(run=_serve)

    simulator = commands.add_parser("simulator", help="DRS, EC2, STS and IAM of the simulator alone")
    simulator.add_argument("--port", type=int, default=0, help="on 127.0.0.1; any free one if left out")
    simulator.add_argument("--servers", type=int, default=100, help="source servers in DRS")
    limits = ("published", "off")
    simulator.add_argument(
        "--limits", choices=limits, default=limits[0], help="AWS's request limits (default: published)"
    )
    simulator.set_defaults(run=_simulator)

    demo = commands.add_parser("demo", help="a group of servers goes in, a wave starts at once")
    demo.add_argument("--servers", type=int, default=100, help="source servers in DRS, and in the group")
    demo.add_argument("--json", action="store_true", help="the figures as one JSON line")
    demo.set_defaults(run=_demo)

    importer = commands.add_parser("import", help="a drs-configuration-synchronizer folder as protection groups")
    importer.set_defaults(run=_import)
    if argv[:1] == ["import"]:
        from local.synchronizer import command  # noqa: PLC0415  it brings boto3

        command.add_arguments(importer)
    return parser


def _serve(arguments: argparse.Namespace) -> int:
    from local import serve  # noqa: PLC0415  it brings boto3

    return serve.run(arguments.port, arguments.servers)


def _simulator(arguments: argparse.Namespace) -> int:
    from local.simulator import server  # noqa: PLC0415  it brings moto

    server.run(arguments.port, arguments.servers, throttles=arguments.limits == "published")
    return 0


def _demo(arguments: argparse.Namespace) -> int:
    from local import demo  # noqa: PLC0415  it brings the embedded cloud

    return demo.run(arguments.servers, as_json=arguments.json)


def _import(arguments: argparse.Namespace) -> int:
    from local.synchronizer import command  # noqa: PLC0415  it brings boto3

    return command.run(arguments)


def _refused(why: str) -> int:
    print(f"preflight: {why}", file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
