"""The README's Python runs as it is printed."""

import os
import pathlib
import re
import subprocess
import sys

README = pathlib.Path(__file__).parents[4] / "README.md"


def test_the_readmes_python_runs(url):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        subprocess.run([sys.executable, "-c", block], check=True, env={**os.environ, "CONFORMANCE_BASE_URL": url})
