"""Programs that read what surrounds them are known by their text; those that compute are not."""

import pytest

from codeio_ops.sample.surroundings import surroundings_of

READ = {
    "import datetime\ndef f(x):\n    return (datetime.date.today() - x).days": "the clock",
    "from datetime import datetime\ndef f(x):\n    return datetime.now().year - x": "the clock",
    "from datetime import datetime as d\ndef f(x):\n    return str(d.utcnow())": "the clock",
    "import datetime as dt\nnow = dt.datetime.now\ndef f(x):\n    return now().hour": "the clock",
    "import time\ndef f(x):\n    return time.time() // 3600": "the clock",
    "from time import *\ndef f(x):\n    return time() // 3600": "the clock",
    "from time import localtime\ndef f(x):\n    return localtime().tm_hour": "the clock",
    "import time\ndef f(x):\n    return time.strftime('%Y')": "the clock",
    "def f(x):\n    from timeit import default_timer\n    return default_timer()": "the clock",
    "import platform\ndef f(x):\n    return platform.release() + x": "the host",
    "import os\ndef f(x):\n    return os.cpu_count() * x": "the host",
    "import multiprocessing as m\ndef f(x):\n    return m.cpu_count() * x": "the order of threads",
    "import numpy\ndef f(x):\n    return numpy.__version__": "the host",
    "import numpy as np\ndef f(x):\n    return np.__version__": "the host",
    "from resource import getrusage\ndef f(x):\n    return getrusage(x)": "the host",
    "import socket\ndef f(x):\n    return socket.gethostname()": "the host",
    "import os\ndef f(x):\n    return os.getpid() % 2 + x": "the process",
    "import random\nS = random.getstate()\ndef f(x):\n    return S[1][0] + x": "the process",
    "from threading import Thread\ndef f(x):\n    Thread(target=x.pop).start()": "the order of",
    "import uuid\ndef f(x):\n    return str(uuid.uuid1())": "the process",
    "import os\ndef f(x):\n    return os.environ.get('HOME', x)": "the environment",
    "from os import getenv as e\ndef f(x):\n    return e('HOME')": "the environment",
    "from urllib.request import urlopen\ndef f(x):\n    return urlopen(x)": "the network",
    "import requests\ndef f(x):\n    return requests.get(x).text": "the network",
    "def f(x):\n    return open('/etc/os-release').read()[:40] + x": "files of the host",
    "from pathlib import Path\ndef f(x):\n    return Path('/proc/uptime')": "files of the host",
    "import os\ndef f(x):\n    return os.listdir(x)": "files of the host",
}
COMPUTED = [
    "import time\ndef f(x):\n    return time.strftime('%Y', time.gmtime(x))",
    "import time\ndef f(x):\n    time.sleep(0)\n    return x",
    "from datetime import date, datetime\ndef f(x):\n    return date(x, 1, 1), datetime.min",
    "import os\ndef f(x):\n    return os.path.join(*x), os.sep",
    "import os, platform, socket, requests\ndef f(x):\n    return x",
    "import sys\ndef f(x):\n    return sys.maxsize if sys.version_info[0] > 2 else x",
    "def f(x):\n    open('/tmp/a', 'w').write(x)\n    return open('/tmp/a').read()",
    "def open(x):\n    return x\ndef f(x):\n    return open('a') + open(x)",
    "def f(time, os):\n    return time.time + os.getpid",
    "import time\ndef f(x):\n    'Like time.time(): open(\"/etc\")'\n    return 'platform.node()'",
    "def f(x:\n",
]


@pytest.mark.parametrize(("code", "what"), READ.items())
def test_a_program_that_reads_its_surroundings_is_known(code: str, what: str) -> None:
    assert f" reads {what}" in surroundings_of(code, "python")


@pytest.mark.parametrize("code", COMPUTED)
def test_a_program_that_computes_passes(code: str) -> None:
    assert surroundings_of(code, "python") == ""


@pytest.mark.parametrize(
    ("code", "reads"),
    [
        ("function f(x) { return Date.now() - x }", True),
        ("const f = x => new Date().getFullYear() - x", True),
        ("const f = x => String(new Date) + x", True),
        ("const os = require('os'); function f(x) { return os.cpus().length }", True),
        ('const fs = require("node:fs"); function f(x) { return fs.readFileSync(x) }', True),
        ("function f(x) { return process.env.HOME + process.pid }", True),
        ("function f(x) { return new Date(x).getTime() + new Date( 2020, 1 ).getDay() }", False),
        ("// Date.now()\nfunction f(x) { return 'process.env' + `a` /* new Date() */ }", False),
        ("const util = require('util'); function f(process) { return process.steps }", False),
    ],
)
def test_javascript_is_known_by_its_names_too(code: str, reads: bool) -> None:
    assert bool(surroundings_of(code, "javascript")) is reads
