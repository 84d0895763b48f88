"""machine.py -- what it all runs on: cores, limits, memory, the compiler."""
import os
import platform
import re
import resource
import subprocess

from servers import version


def choose_cores(allowed):
    """Two that are no siblings, if there are such; the same, if there is one."""
    cores = sorted(allowed)
    path = "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list" % cores[0]
    siblings = set()
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", read(path)):
        siblings.update(range(int(first), int(last or first) + 1))
    others = [core for core in cores[1:] if core not in siblings] or cores[1:]
    return cores[0], (others or cores)[0]


def raise_descriptors():
    """Allow this process, and so the servers, as many as it may; how many."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    limit = 20000 if most == resource.RLIM_INFINITY else min(most, 20000)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, most))
    return limit


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def found(pattern, text):
    match = re.search(pattern, text, re.M)
    return match[1].strip() if match else "?"


def memory_available():
    return 1024 * int(found(r"MemAvailable:\s+(\d+)", read("/proc/meminfo")))


def file_system(path):
    """Its type: that of the longest place where something is mounted above."""
    mounts = [line.split()[1:3] for line in read("/proc/mounts").splitlines()]
    return max((mount for mount in mounts if (path + "/").startswith(mount[0].rstrip("/") + "/")),
               key=lambda mount: len(mount[0]), default=("", "?"))[1]


def facts(data, core, clients_core, program):
    """{what: text} of the machine, and of how this program was built; 'data' is
    where the logs will be."""
    flags = read(os.path.join(os.path.dirname(program), "flags"))
    memory = int(found(r"MemTotal:\s+(\d+)", read("/proc/meminfo")))
    return {
        "processor": "%s, %d cores; the server has core %d, the client core %d" % (
            found(r"^model name\s*:(.*)", read("/proc/cpuinfo")), os.cpu_count(), core,
            clients_core),
        "memory": "%d GiB" % round(memory / 2**20),
        "kernel": "%s %s; Meltdown: %s" % (
            platform.system(), platform.release(),
            read("/sys/devices/system/cpu/vulnerabilities/meltdown").strip() or "?"),
        "disk": file_system(data),
        "compiler": "%s; %s" % (version((flags.split() or ["cc"])[0]),
                                found(r"(-O\S*.*?)(?: \S+\.c|$)", flags)),
    }


def commit():
    try:
        said = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True,
                              text=True, check=True, cwd=os.path.dirname(__file__))
    except (OSError, subprocess.CalledProcessError):
        return ""
    return ", commit " + said.stdout.strip()
