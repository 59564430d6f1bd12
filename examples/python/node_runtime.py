"""A node runtime in Python, for Linux: every actor is a process with a directory.

    node_runtime.py LISTEN DATA_DIR WORKER...

What a runtime must do is in proto/actorworkflow/v1/node_runtime.proto, and
docs/runtimes.md goes through this file. It keeps no LOCAL snapshots, and says so.
"""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import threading
import time
import uuid
from concurrent import futures
from urllib.parse import unquote, urlparse

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from actorworkflow.v1 import actor_pb2, node_runtime_pb2 as pb, node_runtime_pb2_grpc

READY_WITHIN_S = 60
STOP_GRACE_S = 10
POLL_S = 0.02
Code = grpc.StatusCode


class Refused(Exception):
    """The call changes nothing, and ends with this code."""

    def __init__(self, code, message, reason=""):
        super().__init__(message)
        self.code, self.reason = code, reason


def stale(actor):
    return Refused(Code.FAILED_PRECONDITION, f"a greater token of {actor} has been seen", "STALE_FENCING_TOKEN")


class Tokens:
    """The highest token of each actor. `admit` returns once it survives a power cut."""

    def __init__(self, path):
        self.highest, self.lock = {}, threading.Lock()
        if os.path.exists(path):
            for line in open(path):
                actor, _, token = line.rstrip("\n").partition(" ")
                if token.isdigit():  # a line that a crash has torn is no token
                    self.highest[actor] = max(int(token), self.highest.get(actor, 0))
        self.file = open(path, "a")

    def admit(self, actor, token):
        with self.lock:
            if token < self.highest.get(actor, 0):
                raise stale(actor)
            if token > self.highest.get(actor, 0):
                self.highest[actor] = token
                self.file.write(f"\n{actor} {token}\n")
                self.file.flush()
                os.fsync(self.file.fileno())


class Flight:
    """One piece of work under way, and how many callers wait for it."""

    def __init__(self, token, identity):
        self.token, self.identity, self.waiting = token, identity, 0
        self.cancelled, self.ended = threading.Event(), threading.Event()
        self.why, self.result, self.error, self.phase = None, None, None, "begun"

    def cancel(self, why):
        self.why = self.why or why
        self.cancelled.set()

    def check(self):
        if self.cancelled.is_set():
            raise self.why

    def wait(self, condition, limit_s, late):
        until = time.monotonic() + limit_s
        while not condition():
            self.check()
            if time.monotonic() > until:
                raise late
            time.sleep(POLL_S)


def born(pid):
    """The process and when it started, which no later one with its number shares; empty where it has ended."""
    try:
        return f"{pid} {open(f'/proc/{pid}/stat').read().rpartition(')')[2].split()[19]}"
    except OSError:
        return ""


def end_leftovers(actors_dir):
    """Kills what a runtime that was killed has left; then nothing there is of worth."""
    for name in os.listdir(actors_dir) if os.path.isdir(actors_dir) else []:
        if name.endswith(".pid"):
            recorded = open(os.path.join(actors_dir, name)).read()
            pid = recorded.partition(" ")[0]
            if recorded and born(pid) == recorded:
                os.killpg(int(pid), signal.SIGKILL)
    shutil.rmtree(actors_dir, ignore_errors=True)


class Actor:
    """One actor's process. What it serves is at `address`; what it keeps is in `root`."""

    def __init__(self, name, worker, token, origin, spec, root):
        self.name, self.worker, self.token, self.origin = name, worker, token, origin
        self.spec, self.root, self.address, self.process = spec, root, "", None

    def start(self, flight):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = {**os.environ, **self.spec.env, "PORT": str(port)}
        env["ACTOR_NAMESPACE"], env["ACTOR_NAME"] = self.name.split("/")
        try:
            self.process = subprocess.Popen(list(self.spec.command), cwd=self.root, env=env, start_new_session=True)
        except OSError as error:
            raise Refused(Code.FAILED_PRECONDITION, f"starting {self.name}: {error}")
        with open(self.root + ".pid", "w") as file:
            file.write(born(self.process.pid))

        def ready():
            if self.process.poll() is not None:
                raise Refused(Code.FAILED_PRECONDITION, f"the program ended with {self.process.returncode}")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        late = Refused(Code.FAILED_PRECONDITION, f"not ready within {READY_WITHIN_S} s")
        flight.wait(ready, READY_WITHIN_S, late)
        self.address = f"127.0.0.1:{port}"

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def end(self, grace_s):
        """SIGTERM, and SIGKILL for what is left after the grace."""
        if not self.alive():
            return
        self.process.terminate()
        try:
            self.process.wait(grace_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class NodeRuntime(node_runtime_pb2_grpc.NodeRuntimeServicer):
    def __init__(self, data_dir, workers):
        self.actors_dir = os.path.join(data_dir, "actors")
        end_leftovers(self.actors_dir)
        os.makedirs(self.actors_dir)
        self.tokens = Tokens(os.path.join(data_dir, "tokens"))
        self.actors, self.flights, self.lock = {}, {}, threading.Lock()
        # One piece of work at a time on each worker.
        self.workers = {worker: threading.Lock() for worker in workers}

    # The three calls.

    def Restore(self, request, context):
        return self.stream("restore", request, context, self.restore, lambda it: pb.RestoreEvent(**it))

    def Checkpoint(self, request, context):
        return self.stream("checkpoint", request, context, self.checkpoint, lambda it: pb.CheckpointEvent(**it))

    def Stop(self, request, context):
        *_, last = self.stream("stop", request, context, self.stop, lambda it: it)
        return last.get("stopped")

    def stream(self, method, request, context, work, event):
        """Fences, joins, tells the phase, and ends with the result, or with one status."""
        try:
            flight = self.fly(method, request, work)
            left = lambda: self.leave(flight)
            if not context.add_callback(left):
                left()
            told = None
            while not flight.ended.wait(0.1):
                if flight.phase != told:
                    told = flight.phase
                    yield event({"progress": pb.RuntimeProgress(phase=told)})
            if flight.error:
                raise flight.error
            yield event(flight.result)
        except Refused as refused:
            status = status_pb2.Status(code=refused.code.value[0], message=str(refused))
            if refused.reason:
                info = error_details_pb2.ErrorInfo(reason=refused.reason, domain="actorworkflow.v1")
                detail = any_pb2.Any()
                detail.Pack(info)
                status.details.append(detail)
            context.abort_with_status(rpc_status.to_status(status))

    def fly(self, method, request, work):
        for field in ("actor", "worker"):
            if not request.HasField(field):
                raise Refused(Code.INVALID_ARGUMENT, f"{field}: got nothing")
        if request.fencing_token == 0:
            raise Refused(Code.INVALID_ARGUMENT, "fencing_token: got 0")
        actor = f"{request.actor.namespace}/{request.actor.name}"
        self.tokens.admit(actor, request.fencing_token)
        identity = (method, request.worker.name, request.snapshot.uri if method != "stop" else "")
        while True:
            with self.lock:
                self.tokens.admit(actor, request.fencing_token)  # a greater one may have come meanwhile
                other = self.flights.get(actor)
                if other is None or other.ended.is_set():
                    flight = self.flights[actor] = Flight(request.fencing_token, identity)
                    flight.waiting = 1
                    threading.Thread(target=self.run, args=(flight, actor, request, work), daemon=True).start()
                    return flight
                repeats = (other.token, other.identity) == (request.fencing_token, identity)
                if repeats and not other.cancelled.is_set():
                    other.waiting += 1
                    return other
                older = other.token < request.fencing_token
                other.cancel(stale(actor) if older else Refused(Code.ABORTED, "another call has come instead"))
            other.ended.wait()  # until it has been undone

    def leave(self, flight):
        with self.lock:
            flight.waiting -= 1
            if flight.waiting == 0:
                flight.cancel(Refused(Code.CANCELLED, "its callers have gone"))

    def run(self, flight, name, request, work):
        worker = self.workers.get(request.worker.name, threading.Lock())
        try:
            while not worker.acquire(timeout=POLL_S):
                flight.check()
            try:
                flight.result = work(flight, name, request)
            finally:
                worker.release()
        except Refused as refused:
            flight.error = refused
        except Exception as error:  # a fault of ours: nobody knows what was done
            flight.error = Refused(Code.UNKNOWN, repr(error))
        flight.ended.set()

    # What they do, one at a time.

    def restore(self, flight, name, request):
        worker = self.known(request.worker)
        origin = (request.snapshot.uri, request.spec.SerializeToString(deterministic=True))
        there = self.actors.get(name)
        if there and there.alive() and (there.worker, there.origin) == (worker, origin):
            there.token = request.fencing_token
            return {"restored": pb.Restored(address=there.address)}
        for other in list(self.actors.values()):
            if other.worker == worker and other.name != name:
                if other.alive() and other.token >= request.fencing_token:
                    raise Refused(Code.FAILED_PRECONDITION, f"worker {worker} holds {other.name}")
                self.remove(other)
        if request.snapshot.location == actor_pb2.SNAPSHOT_LOCATION_LOCAL:
            raise Refused(Code.DATA_LOSS, "this runtime keeps no LOCAL snapshots")
        if there:
            self.remove(there)
        root = os.path.join(self.actors_dir, str(uuid.uuid4()))
        os.makedirs(root)
        actor = Actor(name, worker, request.fencing_token, origin, request.spec, root)
        try:
            if request.HasField("snapshot"):
                flight.phase = "unpack"
                unpack(request.snapshot.uri, root)
            flight.phase = "start"
            actor.start(flight)
            flight.check()
        except BaseException:
            actor.end(0)
            shutil.rmtree(root)
            raise
        self.actors[name] = actor
        return {"restored": pb.Restored(address=actor.address)}

    def checkpoint(self, flight, name, request):
        if request.snapshot.location == actor_pb2.SNAPSHOT_LOCATION_LOCAL:
            raise Refused(Code.UNIMPLEMENTED, "this runtime keeps no LOCAL snapshots")
        worker = self.known(request.worker)
        actor = self.actors.get(name)
        if not actor or not actor.alive() or actor.worker != worker:
            size = whole(request.snapshot.uri, name)
            if size is None:
                raise Refused(Code.NOT_FOUND, f"worker {worker} does not run {name}")
            return {"checkpointed": pb.Checkpointed(size_bytes=size)}
        flight.check()
        flight.phase = "stop"
        actor.end(STOP_GRACE_S)
        try:
            flight.phase = "pack"
            size = pack(flight, actor, request.snapshot.uri)
        except BaseException:
            # As it was before: from what it saved, at another address.
            actor.start(Flight(flight.token, ()))
            raise
        self.remove(actor)
        return {"checkpointed": pb.Checkpointed(size_bytes=size)}

    def stop(self, flight, name, request):
        actor = self.actors.get(name)
        there = actor is not None and actor.worker == request.worker.name
        stopped = there and actor.alive()
        if there:
            self.remove(actor)
        return {"stopped": pb.StopResponse(stopped=stopped)}

    def known(self, worker):
        if worker.name not in self.workers:
            raise Refused(Code.FAILED_PRECONDITION, f"no worker {worker.name} here")
        return worker.name

    def remove(self, actor):
        actor.end(STOP_GRACE_S)
        shutil.rmtree(actor.root, ignore_errors=True)
        self.actors.pop(actor.name, None)


# A snapshot is a directory with an archive and, written last, a manifest.


def directory_of(uri):
    parsed = urlparse(uri)
    if parsed.scheme != "file" or parsed.netloc or ".." in unquote(parsed.path).split("/"):
        raise Refused(Code.INVALID_ARGUMENT, f"snapshot.uri: got {uri}; expected file:///…")
    return unquote(parsed.path)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def pack(flight, actor, uri):
    directory = directory_of(uri)
    os.makedirs(directory, exist_ok=True)
    archive = f"{uuid.uuid4()}.tar"
    path = os.path.join(directory, archive)
    try:
        with tarfile.open(path, "w") as tar:
            tar.add(actor.root, ".")
        with open(path, "rb") as written:
            os.fsync(written.fileno())
        manifest = {"actor": actor.name, "archive": archive, "size": os.path.getsize(path), "sha256": digest(path)}
        flight.check()
    except BaseException:
        os.unlink(path)
        raise
    new = os.path.join(directory, "manifest.new")
    with open(new, "w") as file:
        json.dump(manifest, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(new, os.path.join(directory, "manifest.json"))  # from here on it is whole
    sync_directory(directory)
    return manifest["size"]


def verified(uri):
    """The manifest of a whole snapshot; None where there is none."""
    directory = directory_of(uri)
    try:
        manifest = json.load(open(os.path.join(directory, "manifest.json")))
        path = os.path.join(directory, manifest["archive"])
        if os.path.getsize(path) == manifest["size"] and digest(path) == manifest["sha256"]:
            return {**manifest, "path": path}
    except (OSError, ValueError, KeyError):
        pass
    return None


def whole(uri, name):
    manifest = verified(uri)
    return manifest["size"] if manifest and manifest["actor"] == name else None


def unpack(uri, root):
    manifest = verified(uri)
    if manifest is None:
        raise Refused(Code.DATA_LOSS, f"no whole snapshot at {uri}")
    with tarfile.open(manifest["path"]) as tar:
        tar.extractall(root, filter="tar")


def main():
    listen, data_dir, *workers = sys.argv[1:]
    # A coordinator pings every 30 s; by default grpcio cuts whoever does in a long call.
    options = [("grpc.http2.min_ping_interval_without_data_ms", 10_000)]
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=64), options=options)  # a thread for each call
    runtime = NodeRuntime(os.path.abspath(data_dir), workers)
    node_runtime_pb2_grpc.add_NodeRuntimeServicer_to_server(runtime, server)
    server.add_insecure_port(listen)
    server.start()
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: over.set())
    print(f"serves {', '.join(workers)} at {listen}", flush=True)
    over.wait()
    server.stop(0).wait()
    for actor in list(runtime.actors.values()):
        runtime.remove(actor)


if __name__ == "__main__":
    main()
