"""Every commit message is a Conventional Commit with a scope: `feat(apply): read back before ready`.

python .ci/commit_messages.py [REVISIONS]      # default: all of HEAD
"""

import re
import subprocess
import sys

FORM = re.compile(r"(build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)\([a-z0-9-]+\)!?: \S.{0,98}[^.\s]\Z")


def main() -> int:
    """Prints each subject that is not one; 1 if there is any."""
    revisions = sys.argv[1:] or ["HEAD"]
    log = ["git", "log", "--no-merges", "--format=%h %s", *revisions]
    lines = subprocess.run(log, check=True, capture_output=True, text=True).stdout.splitlines()  # noqa: S603  git, and our own arguments
    wrong = [line for line in lines if not FORM.match(line.split(" ", 1)[1])]
    for line in wrong:
        print(f"{line}: write type(scope): what it does", file=sys.stderr)  # noqa: T201  a command line prints
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
