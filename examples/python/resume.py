"""Resumes an actor, or suspends it, and prints how it goes: a caller in Python.

    resume.py ADDRESS NAMESPACE/NAME [--suspend] [--deadline SECONDS]
              [--ca FILE [--cert FILE --key FILE]]

Ctrl-C cancels the call, and with it the workflow. Ends with 0 when the actor is
there, 1 when the call ended with another status than OK.
"""

import argparse
import sys

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from actorworkflow.v1 import actor_pb2, actor_workflow_pb2, actor_workflow_pb2_grpc


def open_channel(arguments):
    if arguments.ca is None:
        return grpc.insecure_channel(arguments.address)
    files = [open(path, "rb").read() if path else None for path in (arguments.ca, arguments.key, arguments.cert)]
    return grpc.secure_channel(arguments.address, grpc.ssl_channel_credentials(*files))


def describe(event):
    """One line for an event; which of the fields is set says what happened."""
    what = event.WhichOneof("event")
    fact = getattr(event, what)
    if what == "started":
        return f"workflow {event.workflow_id}, fencing token {fact.lease.fencing_token}"
    if what == "step_progress":
        return f"{fact.step}: {fact.phase} {fact.done:g} of {fact.total:g} {fact.unit}"
    if what == "completed":
        return f"{actor_pb2.ActorState.Name(fact.actor.state)} {fact.actor.address}".rstrip()
    return f"{what} {getattr(fact, 'step', '')}".rstrip()


def explain(error):
    """What a status other than OK says to programs: why, who, and when to try again."""
    print(f"{error.code().name}: {error.details()}", file=sys.stderr)
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            print(f"reason {info.reason} {dict(sorted(info.metadata.items()))}", file=sys.stderr)
        elif detail.Unpack(retry):
            print(f"retry after {retry.retry_delay.ToTimedelta().total_seconds()} s", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("actor", metavar="NAMESPACE/NAME")
    parser.add_argument("--suspend", action="store_true")
    parser.add_argument("--deadline", type=float, metavar="SECONDS")
    for name in ("--ca", "--cert", "--key"):
        parser.add_argument(name, metavar="FILE")
    arguments = parser.parse_args()
    namespace, _, name = arguments.actor.partition("/")
    actor = actor_pb2.ActorRef(namespace=namespace, name=name)

    with open_channel(arguments) as channel:
        workflows = actor_workflow_pb2_grpc.ActorWorkflowStub(channel)
        if arguments.suspend:
            call = workflows.Suspend(actor_workflow_pb2.SuspendRequest(actor=actor), timeout=arguments.deadline)
        else:
            call = workflows.Resume(actor_workflow_pb2.ResumeRequest(actor=actor), timeout=arguments.deadline)
        try:
            for event in call:
                print(describe(event), flush=True)
        except KeyboardInterrupt:
            call.cancel()
            print("cancelled", file=sys.stderr)
            return 1
        except grpc.RpcError as error:
            explain(error)
            return 1
    return 0


sys.exit(main())
