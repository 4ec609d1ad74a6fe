"""A stand-in for `llama-server`: a program that answers as it does, or fails as it may."""

import stat
import sys
from pathlib import Path

from inference.runtimes.command import Programs
from inference.runtimes.to_serve import ToServe

_PROGRAM = r"""
import http.server, os, subprocess, sys, threading, time
mode, folder = sys.argv[sys.argv.index("--manner") + 1], sys.argv[sys.argv.index("--notes") + 1]
port = int(sys.argv[sys.argv.index("--port") + 1])
note = lambda name, text="": open(os.path.join(folder, name), "w").write(text)
child = subprocess.Popen(["sleep", "600"])  # as an engine's worker
note("pids", f"{os.getpid()} {child.pid}")
note("environment", "\n".join(os.environ))
open(os.path.join(folder, "starts"), "a").write("x")
print("loading", flush=True)
if mode == "slow":
    time.sleep(1)
if mode == "ends once" and len(open(os.path.join(folder, "starts")).read()) == 1:
    sys.exit(7)
if mode == "ends":
    print("no such layer", file=sys.stderr, flush=True)
    sys.exit(7)
if mode == "noisy":
    for _ in range(4000):
        print("x" * 100, flush=True)
if mode == "stubborn":
    import signal
    signal.signal(signal.SIGTERM, lambda *_: note("asked"))
busy = 0
class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"{}"):
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        if self.path == "/metrics":
            return self.answer(200, f"llamacpp:requests_processing {busy}\n".encode())
        self.answer(503 if mode == "never ready" else 200)
    def do_POST(self):
        global busy
        if self.path == "/slow":
            busy += 1
            note("working")
            while not os.path.exists(os.path.join(folder, "finish")):
                time.sleep(0.01)
            busy -= 1
            return self.answer(200, b"done")
        self.answer(400 if mode == "refuses" else 200)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


def write_program(folder: Path) -> Programs:
    """Write it into a folder; returns what is installed there."""
    program = folder / "llama-server"
    program.write_text(f"#!{sys.executable}\n{_PROGRAM}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "model.gguf").touch()
    return Programs(llama_server=program)


def in_mode(mode: str, folder: Path) -> ToServe:
    """Return a model that is served so; the program leaves its notes in the folder."""
    return ToServe(
        id="org/model",
        served_name="model",
        runtime="llama-cpp",
        task="chat",
        weights=folder,
        arguments=["--manner", mode, "--notes", str(folder)],
    )
