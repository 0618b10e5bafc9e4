# SPDX-License-Identifier: MIT
"""Real PAM hosts in a private mount namespace of this very process.

enter() moves the process (and what it starts) into a namespace where /etc,
/dev, /run, /home, /var/log and /usr/libexec are copies of its own, with the
users of IDENTITIES, the module, the helper, its listener and a syslog socket.
Nothing of the machine is written to; all of it ends with the process.
"""

import ctypes
import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import threading

import pty_talk
import rig

MODULE = os.path.join(rig.BUILD, "pam_stauth", "pam_stauth.so")
HELPER = os.path.join(rig.BUILD, "pam_stauth", "stauth_chkpwd")
INSTALLED_HELPER = "/usr/libexec/stauth/stauth_chkpwd"
CHKPWD_SOCK = "/run/stauth/chkpwd.sock"
CONF = "/etc/stauth/stauth.conf"
# name: uid. games (5) is the machine's own low one.
IDENTITIES = {"stauth": 990, "alice": 2001, "bob": 2002, "mallory": 2003}
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 4096, 16384, 1 << 18
MNT_DETACH = 2
NODES = ["null", "zero", "full", "random", "urandom", "tty"]
TYPES = ["auth", "account", "password", "session"]

# What pam_strerror says, by the code's name.
CODES = {
    "Authentication failure": "AUTH_ERR",
    "User not known to the underlying authentication module": "USER_UNKNOWN",
    "Have exhausted maximum number of retries for service": "MAXTRIES",
    "User account has expired": "ACCT_EXPIRED",
    "Permission denied": "PERM_DENIED",
    "Authentication token is no longer valid; new one required":
        "NEW_AUTHTOK_REQD",
    "Authentication service cannot retrieve authentication info":
        "AUTHINFO_UNAVAIL",
    "Error in service module": "SERVICE_ERR",
    "Authentication token manipulation error": "AUTHTOK_ERR",
    "Cannot make/remove an entry for the specified session": "SESSION_ERR",
    "Conversation error": "CONV_ERR",
    "Module is unknown": "MODULE_UNKNOWN",
    "Critical error - immediate abort": "ABORT",
}

libc = ctypes.CDLL(None, use_errno=True)


def why_not():
    """A reason to skip, or None."""
    if os.geteuid() != 0:
        return "needs root (a mount namespace with users of its own)"
    missing = [tool for tool in ("pamtester", "sshd", "ssh", "sudo", "su",
                                 "login") if not which(tool)]
    return "not installed: " + " ".join(missing) if missing else None


def which(tool):
    return shutil.which(tool, path="/usr/sbin:/usr/bin:/sbin:/bin")


def mount(source, target, kind=None, flags=0, data=None):
    def text(value):
        return None if value is None else value.encode()
    if libc.mount(text(source), text(target), text(kind), flags,
                  text(data)) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), target)


def unmount(target):
    if libc.umount2(target.encode(), MNT_DETACH) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error), target)


def own_mounts():
    """From now on nobody else sees what this process mounts."""
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    mount(None, "/", None, MS_REC | MS_PRIVATE)


class Sandbox:
    """The namespace. One a process; there is no way back."""

    def __init__(self):
        self.top = tempfile.mkdtemp(prefix="stauth-pam-")
        own_mounts()
        mount("tmpfs", self.top, "tmpfs", 0, "mode=755")
        self.private_etc()
        self.private_dev()
        self.private_libexec()
        for path in ("/run", "/home", "/var/log"):
            self.cover(path, self.folder(path))
        for path in ("/run/sshd", "/run/utmp", "/var/log/wtmp",
                     "/var/log/btmp", "/var/log/lastlog"):
            if path == "/run/sshd":
                os.mkdir(path)
            else:
                open(path, "wb").close()
        for name, uid in IDENTITIES.items():
            os.mkdir("/home/" + name, 0o700)
            os.chown("/home/" + name, uid, uid)
        self.module = os.path.join(self.top, "pam_stauth.so")
        shutil.copy(MODULE, self.module)
        self.gate = os.path.join(self.top, "fcgi_gate")
        shutil.copy(rig.GATE, self.gate)

    def folder(self, path):
        made = os.path.join(self.top, path.strip("/").replace("/", "-"))
        os.mkdir(made, 0o755)
        return made

    @staticmethod
    def cover(path, by):
        mount(by, path, None, MS_BIND | MS_REC)

    def private_etc(self):
        copy = os.path.join(self.top, "etc")
        subprocess.run(["cp", "-a", "/etc", copy], check=True)
        for name, uid in IDENTITIES.items():
            shell = "/usr/sbin/nologin" if name == "stauth" else "/bin/sh"
            for file, line in (
                    ("passwd", f"{name}:x:{uid}:{uid}::/home/{name}:{shell}"),
                    ("group", f"{name}:x:{uid}:"),
                    # Nothing that pam_unix would take as a password.
                    ("shadow", f"{name}:*:19000:0:99999:7:::")):
                with open(os.path.join(copy, file), "a",
                          encoding="utf-8") as out:
                    out.write(line + "\n")
        # Names come from these files alone.
        with open(os.path.join(copy, "nsswitch.conf"), "w",
                  encoding="utf-8") as out:
            out.write("passwd: files\ngroup: files\nshadow: files\n"
                      "hosts: files\n")
        os.makedirs(os.path.join(copy, "stauth"), exist_ok=True)
        self.cover("/etc", copy)

    def private_dev(self):
        copy = self.folder("dev")
        for node in NODES:
            open(os.path.join(copy, node), "wb").close()
            mount("/dev/" + node, os.path.join(copy, node), None, MS_BIND)
        for path in ("pts", "shm"):
            os.mkdir(os.path.join(copy, path))
            mount("/dev/" + path, os.path.join(copy, path), None,
                  MS_BIND | MS_REC)
        os.symlink("pts/ptmx", os.path.join(copy, "ptmx"))
        os.symlink("/proc/self/fd", os.path.join(copy, "fd"))
        self.cover("/dev", copy)

    def private_libexec(self):
        copy = self.folder("libexec")
        for name in os.listdir("/usr/libexec"):
            source = os.path.join("/usr/libexec", name)
            target = os.path.join(copy, name)
            if os.path.isdir(source):
                os.mkdir(target)
                mount(source, target, None, MS_BIND | MS_REC)
        helper = os.path.join(copy, "stauth", "stauth_chkpwd")
        os.makedirs(os.path.dirname(helper), exist_ok=True)
        shutil.copy(HELPER, helper)
        os.chmod(helper, 0o755)
        self.cover("/usr/libexec", copy)


class Listener:
    """stauth_chkpwd --listen as systemd starts it: on a socket of root's, by
    user stauth. by_systemd false: it makes the socket itself."""

    def __init__(self, by_systemd=True, helper=INSTALLED_HELPER):
        more = {}
        argv = [helper, "--listen"]
        os.makedirs("/run/stauth", exist_ok=True)
        shutil.chown("/run/stauth", "stauth", "stauth")
        if os.path.exists(CHKPWD_SOCK):
            os.unlink(CHKPWD_SOCK)
        sock = None
        if by_systemd:
            sock = socket.socket(socket.AF_UNIX)
            sock.bind(CHKPWD_SOCK)
            os.chmod(CHKPWD_SOCK, 0o666)
            sock.listen(128)
            # systemd puts it at 3 and says whose it is.
            argv = ["/bin/sh", "-c", "exec 3<&%d; LISTEN_FDS=1 LISTEN_PID=$$ "
                    "exec %s --listen" % (sock.fileno(), helper)]
            more = {"pass_fds": [sock.fileno()]}
        self.log_path = "/run/stauth-chkpwd.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                user="stauth", group="stauth", extra_groups=[], cwd="/",
                start_new_session=True, preexec_fn=die_with_parent, **more)
        if sock:
            sock.close()
        if not rig.wait_for(lambda: os.path.exists(CHKPWD_SOCK), 10, 0.01):
            raise AssertionError(self.log())

    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def children(self):
        """{pid: uid} of the processes that answer just now."""
        with open("/proc/%d/task/%d/children" % (
                self.process.pid, self.process.pid), encoding="ascii") as file:
            return [int(pid) for pid in file.read().split()]

    def stop(self):
        try:
            os.killpg(self.process.pid, 9)
        except ProcessLookupError:
            pass
        self.process.wait()
        if os.path.exists(CHKPWD_SOCK):
            os.unlink(CHKPWD_SOCK)


def die_with_parent():
    libc.prctl(1, 9, 0, 0, 0)       # PR_SET_PDEATHSIG, SIGKILL


class Syslog:
    """/dev/log: every datagram that anybody in the namespace logs."""

    def __init__(self):
        self.lines = []
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            self.lines.append(self.sock.recv(65536).decode(
                "utf-8", "backslashreplace"))

    def settle(self):
        """All that was logged so far; a queue keeps its order, so what came
        before a line of ours has been read when ours has."""
        marker = "settled %d" % len(self.lines)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.sendto(marker.encode(), "/dev/log")
        if not rig.wait_for(lambda: marker in self.lines, 30, 0.005):
            raise AssertionError("the log does not answer")
        return self.lines

    def of_module(self, since=0):
        return [line for line in self.settle()[since:]
                if "pam_stauth(" in line]


class Reported:
    """What a host said, and what became of it."""

    def __init__(self, status, text):
        if status < 0:
            raise AssertionError("ended by signal %d: %s" % (-status, text))
        self.status, self.text = status, text.replace("\r\n", "\n")

    @property
    def code(self):
        """The PAM code that pamtester tells."""
        if self.status == 0:
            return "SUCCESS"
        for line in self.text.splitlines():
            words = re.sub(r"^pamtester: ", "", line.strip())
            if words in CODES:
                return CODES[words]
        raise AssertionError("no code of PAM: %r" % self.text)

    def __repr__(self):
        return "%s %r" % (self.status, self.text)


class PamStack(rig.Stack):
    """A Stack as CONTRACT 9 installs it, and the hosts around it."""

    sandbox = None
    syslog = None
    listener = None

    @classmethod
    def enter(cls):
        if not cls.sandbox:
            cls.sandbox = Sandbox()
            cls.syslog = Syslog()
            cls.listen()
            rig.GATE = cls.sandbox.gate

    @classmethod
    def listen(cls, **more):
        """Another listener; listen=False: none, so that root spawns."""
        if cls.listener:
            cls.listener.stop()
        cls.listener = None
        if more.pop("listen", True):
            cls.listener = Listener(**more)

    def __init__(self, config=None):
        super().__init__(init=False)
        stauth = pwd.getpwnam("stauth")
        os.chmod(self.dir, 0o755)
        shutil.rmtree("/etc/stauth")
        os.mkdir("/etc/stauth", 0o755)
        self.conf = CONF
        self.write_config(config or {})
        os.chown(self.conf, 0, stauth.pw_gid)
        os.chown(self.state_dir, stauth.pw_uid, stauth.pw_gid)
        os.chmod(self.state_dir, 0o2770)
        os.mkdir(self.run_dir, 0o755)
        os.chown(self.run_dir, stauth.pw_uid, stauth.pw_gid)
        self.ctl("init", check=True)

    def start_gate_as_stauth(self):
        return self.start_gate(user="stauth", group="stauth",
                               extra_groups=[])

    # --- service files

    def service(self, name, options="", types=None, text=None):
        """/etc/pam.d/NAME with our module alone, or with this text."""
        lines = ["%s required %s %s" % (kind, self.sandbox.module, options)
                 for kind in types or TYPES]
        with open("/etc/pam.d/" + name, "w", encoding="utf-8") as out:
            out.write((text or "\n".join(lines)).replace(
                "MODULE", self.sandbox.module) + "\n")

    # --- hosts

    def host(self, argv, answers=(), user=None, env=None, timeout=40):
        """Runs it on a terminal. answers: (what is awaited, reply)."""
        return Reported(*pty_talk.talk(argv, answers, user=user, env=env,
                                   timeout=timeout))

    def pamtester(self, service, name, *operations, answers=(), user=None,
                  items=None):
        words = []
        for item, value in (items or {}).items():
            words += ["-I", "%s=%s" % (item, value)]
        return self.host([which("pamtester"), *words, service, name,
                          *operations], answers, user=user)

    def authenticate(self, service, name, password, user=None, rhost=None):
        """The code of one pam_authenticate."""
        return self.pamtester(
            service, name, "authenticate",
            answers=[("Password: ", password)], user=user,
            items={"rhost": rhost} if rhost else None).code
