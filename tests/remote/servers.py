"""Two S3 servers that check signatures, each in separate processes on the loopback interface.

    with moto(folder) as server:        # moto's server with access control: a few seconds, on every run
        server.client().create_bucket(Bucket="models")

    with ceph(folder) as server:        # Ceph's object gateway over one monitor and one object store in memory: 10 to 20 seconds
        ...

`ceph` needs the Debian packages radosgw, ceph-mon, ceph-osd, ceph-mgr; `require_ceph()` skips a test where they are absent.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

START_S = 90.0  # longest time that a server may take to answer
REGION = "us-east-1"
PROGRAMS = ("ceph-mon", "ceph-osd", "ceph-mgr", "radosgw", "radosgw-admin", "ceph", "ceph-authtool", "monmaptool")
# One object store in memory, no replicas, authentication on: enough to check what a client sees.
CEPH_CONF = """\
[global]
fsid = {fsid}
mon host = 127.0.0.1:{mon_port}
mon initial members = a
public network = 127.0.0.0/8
ms bind ipv6 = false
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
keyring = {folder}/keyring
run dir = {folder}
admin socket = {run}/$name.asok
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
crash dir = {folder}
osd objectstore = memstore
memstore device bytes = 1073741824
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon data avail crit = 1
[mon]
mon data = {folder}/mon
[mgr]
mgr data = {folder}/mgr
[osd]
osd data = {folder}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw data = {folder}/rgw
"""
CAPABILITIES = {
    "mon.": ("mon", "allow *"),
    "client.admin": ("mon", "allow *", "osd", "allow *", "mgr", "allow *"),
    "mgr.x": ("mon", "allow profile mgr", "osd", "allow *"),
    "osd.0": ("mon", "allow profile osd", "mgr", "allow profile osd", "osd", "allow *"),
    "client.rgw": ("mon", "allow rw", "osd", "allow rwx", "mgr", "allow rw"),
}


@dataclass(frozen=True)
class Server:
    """A running server, and the key pair of its one user."""

    port: int
    key: str
    secret: str

    @property
    def url(self) -> str:
        """The address for `endpointurl`."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Any:
        """A boto3 client of the server's user."""
        return _boto("s3", self.url, self.key, self.secret)

    def keys(self, bucket: str) -> set[str]:
        """The names of all objects of a bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {entry["Key"] for page in pages for entry in page.get("Contents", ())}


def require_ceph() -> None:
    """Skip the test if a program of Ceph is not installed; fail it if PRODA_RGW=1 asks for Ceph."""
    if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
        reason = f"not installed: {', '.join(missing)}. On Debian: apt-get install radosgw ceph-mon ceph-osd ceph-mgr"
        if os.environ.get("PRODA_RGW") == "1":
            pytest.fail(reason)
        pytest.skip(reason)


@contextmanager
def moto(folder: Path) -> Iterator[Server]:
    """Run moto's server with access control: three calls are free, and create the user; from then on signatures are checked."""
    port = free_port()
    command = [sys.executable, "-P", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with _process(command, folder / "moto.log", {"INITIAL_NO_AUTH_ACTION_COUNT": "3"}):
        _wait_for(port, "moto-api/")  # not one of the three calls
        iam = _boto("iam", f"http://127.0.0.1:{port}", "anyone", "anything")
        iam.create_user(UserName="ada")
        pair = iam.create_access_key(UserName="ada")["AccessKey"]
        allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="ada", PolicyName="all", PolicyDocument=json.dumps(allowed))
        yield Server(port, pair["AccessKeyId"], pair["SecretAccessKey"])


@contextmanager
def ceph(folder: Path) -> Iterator[Server]:
    """Run Ceph: a monitor, a manager, an object store in memory, and the object gateway, with one user."""
    port, conf, log = free_port(), folder / "ceph.conf", folder / "output.log"
    for name in ("mon", "mgr", "osd", "rgw"):
        (folder / name).mkdir()
    fsid, osd, mon_port = str(uuid.uuid4()), str(uuid.uuid4()), free_port()
    with ExitStack() as stack:
        # The path of a Unix socket may have about 100 characters; a test's folder can be longer.
        run = Path(stack.enter_context(_short_folder()))
        conf.write_text(CEPH_CONF.format(folder=folder, run=run, fsid=fsid, mon_port=mon_port, port=port))
        keyring = folder / "keyring"
        for name, granted in CAPABILITIES.items():
            caps = [part for kind, cap in zip(granted[::2], granted[1::2], strict=True) for part in ("--cap", kind, cap)]
            create = [] if keyring.exists() else ["--create-keyring"]
            _run("ceph-authtool", *create, str(keyring), "--gen-key", "-n", name, *caps)
        _run("monmaptool", "--create", "--add", "a", f"127.0.0.1:{mon_port}", "--fsid", fsid, str(folder / "monmap"))
        _run("ceph-mon", "-c", str(conf), "--mkfs", "-i", "a", "--monmap", str(folder / "monmap"), "--keyring", str(keyring))
        stack.enter_context(_process(["ceph-mon", "-c", str(conf), "-i", "a", "-f"], log))
        _run("ceph", "-c", str(conf), "--connect-timeout", "60", "osd", "new", osd, "0")
        _run("ceph-osd", "-c", str(conf), "-i", "0", "--mkfs", "--osd-uuid", osd)
        stack.enter_context(_process(["ceph-osd", "-c", str(conf), "-i", "0", "-f"], log))
        stack.enter_context(_process(["ceph-mgr", "-c", str(conf), "-i", "x", "-f"], log))
        stack.enter_context(_process(["radosgw", "-c", str(conf), "-n", "client.rgw", "-f"], log))
        _wait_for(port)
        user = ("--uid", "ada", "--display-name", "Ada", "--access-key", "AKIDOFADA", "--secret-key", "the-secret-of-ada")
        _run("radosgw-admin", "-c", str(conf), "user", "create", *user)
        yield Server(port, "AKIDOFADA", "the-secret-of-ada")


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _boto(service: str, url: str, key: str, secret: str) -> Any:
    import boto3

    return boto3.client(service, endpoint_url=url, aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)


@contextmanager
def _short_folder() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="rgw", dir="/tmp") as folder:
        yield folder


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_S)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"


@contextmanager
def _process(command: list[str], log: Path, env: Mapping[str, str] = {}) -> Iterator[None]:
    with log.open("ab") as out, subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **env}) as process:
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _wait_for(port: int, path: str = "") -> None:
    """Wait until the server answers an HTTP request, with any status."""
    end = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            assert time.monotonic() < end, f"the server on port {port} does not answer"
            time.sleep(0.1)
