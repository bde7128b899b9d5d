"""The program inside a function's process; it runs by itself and imports nothing of awslab.

Started once, it loads boto3 and then makes a copy of itself (fork) for every execution environment that is asked for,
so that a cold start costs milliseconds. Messages are a length of 4 bytes and JSON.

From the local AWS, on the control socket (the last argument): `{"start": {...}}` together with two file
descriptors (messages, output), and `{"kill": pid}`. To it: `{"started": pid}` and `{"ended": pid, "status": n}`.
On an environment's own socket it gets `{"id", "event", "deadline", "arn", ...}` and answers with one result.
"""

import contextlib
import gc
import importlib
import json
import logging
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

Message = dict[str, Any]
Handler = Callable[[Any, Any], Any]

LENGTH = struct.Struct("!I")


def send(connection: socket.socket, message: Message) -> None:
    """Send one message."""
    data = json.dumps(message).encode()
    connection.sendall(LENGTH.pack(len(data)) + data)


def receive(connection: socket.socket) -> Message | None:
    """Return the next message, or None where there will be no more."""
    head = _exactly(connection, LENGTH.size)
    body = _exactly(connection, LENGTH.unpack(head)[0]) if head else None
    return json.loads(body) if body else None


def _exactly(connection: socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = connection.recv(min(size, 1 << 20))
        if not part:
            return b""
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


class Zygote:
    """Makes environments, and tells when they end."""

    def __init__(self, descriptor: int) -> None:
        self.control = socket.socket(fileno=descriptor)
        self.pids: set[int] = set()
        self.wake, self.woken = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self.woken, False)

    def serve(self) -> None:
        """Work until the local AWS goes away; then end all environments."""
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.woken)
        wait = selectors.DefaultSelector()
        wait.register(self.control, selectors.EVENT_READ)
        wait.register(self.wake, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in wait.select()}
            if self.wake in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.wake, 4096)
                self.reap()
            if self.control in ready and not self.obey(wait):
                break
        for pid in self.pids:
            kill(pid)
        with contextlib.suppress(ChildProcessError):
            while True:
                os.waitpid(-1, 0)

    def obey(self, wait: selectors.BaseSelector) -> bool:
        """Carry out one order; returns whether there was one."""
        head, descriptors, _, _ = socket.recv_fds(self.control, LENGTH.size, 2, socket.MSG_WAITALL)
        if not head:
            return False
        order = json.loads(_exactly(self.control, LENGTH.unpack(head)[0]))
        if "kill" in order:
            if order["kill"] in self.pids:
                kill(order["kill"])
            return True
        pid = os.fork()
        if pid == 0:
            wait.close()
            self.become(order["start"], *descriptors)
        for one in descriptors:
            os.close(one)
        self.pids.add(pid)
        send(self.control, {"started": pid})
        return True

    def become(self, start: Message, messages: int, output: int) -> NoReturn:
        """Turn this copy into an execution environment; never returns."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        self.control.close()
        os.close(self.wake)
        os.close(self.woken)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(output)
        sys.stdout = os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False)
        status = 1
        try:
            status = Environment(socket.socket(fileno=messages), start).run()
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)

    def reap(self) -> None:
        """Tell of every environment that has ended."""
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    return
                self.pids.discard(pid)
                with contextlib.suppress(BrokenPipeError):  # then the next look at it says that this is the end
                    send(self.control, {"ended": pid, "status": os.waitstatus_to_exitcode(status)})


def kill(pid: int) -> None:
    """End an environment and what it has started."""
    for send_signal in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            send_signal(pid, signal.SIGKILL)


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, message: Message) -> None:
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.invoked_function_arn = message["arn"]
        self.aws_request_id = message["id"]
        self.client_context = message.get("client_context")
        self.identity = None
        self._deadline = message["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still take."""
        return max(0, int(self._deadline - time.time() * 1000))

    def __repr__(self) -> str:
        return f"LambdaContext([aws_request_id={self.aws_request_id},function_name={self.function_name}])"


class LogHandler(logging.Handler):
    """Writes records as the Python runtime of Lambda does."""

    request_id = ""

    def __init__(self, *, as_json: bool) -> None:
        super().__init__()
        self.as_json = as_json
        text = logging.Formatter("[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s")
        text.datefmt = "%Y-%m-%dT%H:%M:%S"
        text.converter = time.gmtime
        self.setFormatter(text)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record to the output."""
        record.aws_request_id = self.request_id
        line = self.structured(record) if self.as_json else self.format(record).replace("\n", "\r")
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def structured(self, record: logging.LogRecord) -> str:
        """Return a record as one line of JSON."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        entry: Message = {"timestamp": moment, "level": record.levelname, "message": record.getMessage()}
        entry |= {"logger": record.name, "requestId": self.request_id}
        if record.exc_info and record.exc_info[0]:
            entry["errorType"] = record.exc_info[0].__name__
            entry["errorMessage"] = str(record.exc_info[1])
            entry["stackTrace"] = traceback.format_tb(record.exc_info[2])
        return json.dumps(entry, default=str)


class Failed(Exception):
    """The handler cannot be had; the error is what Lambda tells the caller."""

    def __init__(self, name: str, message: str, trace: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.error = {"errorMessage": message, "errorType": name, "requestId": "", "stackTrace": list(trace)}


class Environment:
    """One execution environment: loads the handler once, then answers one invocation after another."""

    def __init__(self, connection: socket.socket, start: Message) -> None:
        self.connection = connection
        os.environ.clear()
        os.environ.update(start["environment"])
        sys.path[:0] = start["path"]
        os.chdir(start["root"])
        sys.argv = ["/var/runtime/bootstrap.py"]
        time.tzset()
        self.logs = LogHandler(as_json=start["json_logs"])
        logging.root.handlers = [self.logs]
        logging.root.setLevel(start["log_level"])

    def run(self) -> int:
        """Answer until there is nothing more to answer; returns the exit status."""
        try:
            handler = load(os.environ["_HANDLER"])
        except Failed as error:
            self.reply({"init_error": error.error}, error.error)
            return 1
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else 1
        self.reply({"ready": True})
        try:
            while (message := receive(self.connection)) is not None:
                self.answer(handler, message)
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else 1
        return 0

    def answer(self, handler: Handler, message: Message) -> None:
        """Run the handler on one event."""
        os.environ["_X_AMZN_TRACE_ID"] = message["trace"]
        self.logs.request_id = message["id"]
        try:
            result = handler(json.loads(message["event"]), Context(message))
            self.reply({"result": marshal(result)})
        except Failed as error:
            self.reply({"error": error.error | {"requestId": message["id"]}}, error.error)
        except Exception as error:  # noqa: BLE001 - whatever the code raises is its caller's to know
            shown: Message = {"errorMessage": str(error), "errorType": type(error).__name__}
            shown |= {"requestId": message["id"], "stackTrace": trace_of(error)}
            self.reply({"error": shown}, shown)

    def reply(self, message: Message, error: Message | None = None) -> None:
        """Send what came of it, after all output is out."""
        sys.stdout.flush()
        sys.stderr.flush()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if error:
            message["log"] = told(error)
        send(self.connection, message | {"peak": peak if sys.platform != "darwin" else peak // 1024})


def told(error: Message) -> str:
    """Return an error as it stands in the log."""
    head = f"[ERROR] {error['errorType']}: {error['errorMessage']}"
    if not error["stackTrace"]:
        return head
    return head + "\nTraceback (most recent call last):\n" + "".join(error["stackTrace"])


def trace_of(error: BaseException) -> list[str]:
    """Return the stack below this program."""
    frames = traceback.extract_tb(error.__traceback__)
    return traceback.format_list([frame for frame in frames if frame.filename != __file__])


def marshal(result: object) -> str:
    """Return a handler's result as JSON."""
    try:
        return json.dumps(result)
    except (TypeError, ValueError) as error:
        raise Failed("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def load(name: str) -> Handler:
    """Import the module of a handler and return the function."""
    module_name, _, function = name.rpartition(".")
    if not module_name:
        raise Failed("Runtime.MalformedHandlerName", f"Bad handler '{name}': not enough values to unpack")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Failed("Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}") from error
    except SyntaxError as error:
        place = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        raise Failed(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}", place
        ) from error
    except Exception as error:
        raise Failed(type(error).__name__, str(error), trace_of(error)) from error
    handler: Handler | None = getattr(module, function, None)
    if handler is None:
        raise Failed("Runtime.HandlerNotFound", f"Handler '{function}' missing on module '{module_name}'")
    return handler


def main() -> None:
    """Load what every function needs, then make environments."""
    sys.path.append(sys.argv[1])
    importlib.import_module("boto3")
    gc.collect()
    gc.freeze()  # the copies share these pages as long as nobody touches them
    Zygote(int(sys.argv[2])).serve()


if __name__ == "__main__":
    main()
