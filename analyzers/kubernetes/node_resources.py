"""Calls that take something of a node of which there is only so much: PIDs, sockets, inodes, watches of files, mounts.

Sources: the documentation of os, os/exec, net, io/ioutil and syscall (Go), of golang.org/x/sys/unix, of
github.com/fsnotify/fsnotify (which takes one of fs.inotify.max_user_instances), of google.golang.org/grpc and of
k8s.io/mount-utils; pid_max and inotify(7) for what runs out.
"""

import re

from analyzers.golang.facts import syntax
from analyzers.golang.facts.declaration import Function
from analyzers.golang.facts.facts import Call
from analyzers.golang.types.checker import PackageIndex
from analyzers.golang.types.types import Named, dereferenced
from analyzers.kubernetes import processes

PROCESS, SOCKET, INODE, WATCH, MOUNT = "a process", "a socket", "an inode", "a watch of files", "a mount"

_FUNCTIONS = {
    ("os/exec", "Command"): PROCESS,
    ("os/exec", "CommandContext"): PROCESS,
    ("os", "StartProcess"): PROCESS,
    ("syscall", "ForkExec"): PROCESS,
    ("net", "Dial"): SOCKET,
    ("net", "DialTimeout"): SOCKET,
    ("net", "DialTCP"): SOCKET,
    ("net", "DialUDP"): SOCKET,
    ("net", "DialUnix"): SOCKET,
    ("net", "Listen"): SOCKET,
    ("net", "ListenTCP"): SOCKET,
    ("net", "ListenUDP"): SOCKET,
    ("net", "ListenUnix"): SOCKET,
    ("net", "ListenPacket"): SOCKET,
    ("net/http", "ListenAndServe"): SOCKET,
    ("net/http", "ListenAndServeTLS"): SOCKET,
    ("google.golang.org/grpc", "Dial"): SOCKET,
    ("google.golang.org/grpc", "DialContext"): SOCKET,
    ("google.golang.org/grpc", "NewClient"): SOCKET,
    ("os", "Create"): INODE,
    ("os", "CreateTemp"): INODE,
    ("os", "Mkdir"): INODE,
    ("os", "MkdirAll"): INODE,
    ("os", "MkdirTemp"): INODE,
    ("os", "Symlink"): INODE,
    ("os", "Link"): INODE,
    ("os", "WriteFile"): INODE,
    ("io/ioutil", "TempDir"): INODE,
    ("io/ioutil", "TempFile"): INODE,
    ("io/ioutil", "WriteFile"): INODE,
    ("syscall", "Mount"): MOUNT,
    ("syscall", "Mknod"): INODE,
    ("golang.org/x/sys/unix", "Mount"): MOUNT,
    ("github.com/fsnotify/fsnotify", "NewWatcher"): WATCH,
    ("gopkg.in/fsnotify.v1", "NewWatcher"): WATCH,
}
_NAMES = frozenset(name for _, name in _FUNCTIONS)
_MOUNTER = re.compile(r"(^|/)(pkg/util/mount|k8s\.io/utils/mount|k8s\.io/mount-utils)$")
_MOUNTS = frozenset({"Mount", "MountSensitive", "FormatAndMount", "MountSensitiveWithoutSystemd"})


def may_take(call: Call) -> bool:
    """Say, by its name alone, whether a call may take something of a node."""
    return call.operand is not None and (call.name in _NAMES or call.name in _MOUNTS)


def taken(index: PackageIndex, function: Function, call: Call) -> str | None:
    """Give what a call takes of the node that it runs on ("a process", "a socket" ...), None where that is nothing known."""
    if call.operand is None or not may_take(call):
        return None
    path = index.imported(function.file, syntax.text(call.operand)) if call.operand.type == "identifier" else None
    if path is not None:
        # A vendored package is the same one.
        found = _FUNCTIONS.get((path.rpartition("/vendor/")[2], call.name))
        if found is not None:
            return found
    if call.name in _MOUNTS:
        receiver = dereferenced(index.type_of(call.operand, function.file, function))
        if isinstance(receiver, Named) and _MOUNTER.search(receiver.path):
            return MOUNT
        return None
    if call.name in {"Command", "CommandContext"} and processes.started(index, function, call) is not None:
        return PROCESS
    return None
