"""A small virtual machine with video devices, for machines whose own kernel has none.

Debian's kernel boots in QEMU with a handful of its modules, ``vivid`` (the kernel's virtual video driver)
among them. The machine's root is this machine's, read-only, so that the checkout and its environment are there
as they are here; what runs inside writes JSON lines to a serial port.

Without usable virtualisation the processor is emulated, and its clock counts instructions: nothing in it is
late because somebody else keeps this machine busy.
"""

import gzip
import json
import lzma
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Machine", "video_machine"]

KERNEL_FOLDER = "CITYLOOP_TEST_KERNEL"
"""Environment variable: a folder that an unpacked kernel package lies in, for a machine that has none installed."""
_USUAL_FOLDER = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cityloop/test-kernel"
)
"""Where the gate unpacks one."""

_BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p")
_CHECKOUT = Path(__file__).parents[3]
_MEMORY_MB = 1024
_CONSOLE_LINES = 30
"""Of what the machine said last, in the message of a failure."""

_INIT = """#!/bin/busybox sh
bb=/bin/busybox
$bb mount -t devtmpfs devices /dev
$bb mount -t proc proc /proc
$bb mount -t sysfs sys /sys
while read -r line; do $bb insmod $line || echo "insmod $line failed"; done < /modules.txt
$bb mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 root /root
for one in dev proc sys; do $bb mount --rbind /$one /root/$one; done
$bb mount -t tmpfs scratch /root/run
$bb mkdir /root/dev/shm
$bb mount -t tmpfs shared /root/dev/shm
$bb ifconfig lo 127.0.0.1
$bb stty -F /dev/ttyS1 raw
$bb chroot /root /bin/sh /run/job.sh 2>&1
$bb poweroff -f
"""


@dataclass(frozen=True, slots=True)
class Machine:
    """Everything that a video machine is made of.

    Attributes:
        emulator: QEMU.
        busybox: a static one, the only program of the first file system.
        kernel: its image.
        modules: by name, with underscores.
    """

    emulator: str
    busybox: str
    kernel: Path
    modules: Mapping[str, Path]

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        drivers: Mapping[str, str],
        deadline_s: float,
    ) -> Iterator[dict[str, Any]]:
        """Yield what a command inside the machine wrote to ``$REPORT``, JSON line by JSON line.

        Args:
            command: a program with its absolute path, and its arguments; starts in the checkout, and can write to
                ``$TMPDIR`` alone.
            folder: takes the first file system and what the machine says.
            drivers: kernel modules to load, with their parameters, in this order.
            deadline_s: real seconds after which the machine is switched off.
        """
        archive, console, report = (
            folder / name for name in ("root.gz", "console.txt", "report.txt")
        )
        archive.write_bytes(gzip.compress(self._first_root(command, drivers, folder / "root"), 1))
        machine = [
            self.emulator, *_acceleration(), "-m", str(_MEMORY_MB), "-nodefaults", "-display", "none", "-no-reboot",
            "-serial", f"file:{console}", "-serial", f"file:{report}",
            "-kernel", str(self.kernel), "-initrd", str(archive),
            "-append", "console=ttyS0 quiet panic=-1",
            "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
        ]  # fmt: skip
        said = ""
        try:
            done = subprocess.run(
                machine,
                timeout=deadline_s,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            said = done.stderr
        except subprocess.TimeoutExpired:
            said = f"it was switched off after {deadline_s:g} s"
        text = console.read_text(errors="replace") if console.exists() else ""
        last = "\n".join(text.splitlines()[-_CONSOLE_LINES:])
        lines = report.read_text().splitlines() if report.exists() else []
        if not lines:
            pytest.fail(f"the machine reported nothing; {said}\n{last}")
        yield from (json.loads(line) for line in lines)
        if said or "Traceback" in text:
            pytest.fail(f"the machine did not end well: {said}\n{last}")

    def _first_root(
        self, command: Sequence[str], drivers: Mapping[str, str], folder: Path
    ) -> bytes:
        """Return the first file system: busybox, the modules and what is to be done."""
        for name in ("bin", "dev", "proc", "sys", "root", "modules"):
            (folder / name).mkdir(parents=True)
        shutil.copy(self.busybox, folder / "bin/busybox")
        listed = []
        for name in self._order((*_BOOT_MODULES, *drivers)):
            (folder / f"modules/{name}.ko").write_bytes(_content(self.modules[name]))
            listed.append(f"/modules/{name}.ko {drivers.get(name, '')}\n")
        (folder / "modules.txt").write_text("".join(listed))
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(_CHECKOUT),
            "HOME": "/run", "TMPDIR": "/run", "REPORT": "/dev/ttyS1",
        }  # fmt: skip
        job = [f"export {name}={_quoted(value)}" for name, value in environment.items()]
        job += [f"cd {_quoted(str(_CHECKOUT))}", " ".join(_quoted(word) for word in command)]
        (folder / "job.sh").write_text("\n".join(job))
        (folder / "init").write_text(
            _INIT.replace("$bb chroot", "$bb cp /job.sh /root/run/\n$bb chroot")
        )
        (folder / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(folder)) for path in sorted(folder.rglob("*")))
        packed = subprocess.run(
            [self.busybox, "cpio", "-o", "-H", "newc"],
            cwd=folder, input=names.encode(), capture_output=True, check=True, timeout=60,
        )  # fmt: skip
        return packed.stdout

    def _order(self, wanted: Iterable[str]) -> list[str]:
        """Return modules and what they need, each after what it needs."""
        order: list[str] = []

        def visit(name: str) -> None:
            if name in order:
                return
            found = re.search(rb"\0depends=([^\0]*)\0", _content(self.modules[name]))
            for needed in (found[1].decode() if found else "").replace("-", "_").split(","):
                if needed:
                    visit(needed)
            order.append(name)

        for name in wanted:
            visit(name)
        return order


def video_machine() -> Machine:
    """Return a machine that can boot here; skips the test where something is missing."""
    emulator, busybox = shutil.which("qemu-system-x86_64"), shutil.which("busybox")
    if emulator is None or busybox is None:
        pytest.skip("no video machine: install qemu-system-x86 and busybox-static")
    if os.uname().machine != "x86_64":
        pytest.skip("no video machine: its kernel is for x86-64, and runs this machine's programs")
    available = re.search(r"MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    if available is None or int(available[1]) < 2 * _MEMORY_MB * 1024:
        pytest.skip(f"no video machine: less than {2 * _MEMORY_MB} MB of memory are free")
    for root in (Path(os.environ.get(KERNEL_FOLDER) or _USUAL_FOLDER), Path("/")):
        for kernel in sorted(root.glob("boot/vmlinuz-*"), key=_version, reverse=True):
            folder = root / "lib/modules" / kernel.name.removeprefix("vmlinuz-")
            modules = {
                path.name.split(".ko")[0].replace("-", "_"): path
                for path in folder.rglob("*.ko*")
                if path.name.endswith((".ko", ".ko.xz"))
            }
            if {"vivid", *_BOOT_MODULES} <= modules.keys():
                return Machine(emulator, busybox, kernel, modules)
    pytest.skip(
        "no video machine: no kernel with vivid in /boot and /lib/modules; install linux-image-amd64, or unpack it "
        f"into a folder and name that in {KERNEL_FOLDER}"
    )


def _version(kernel: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", kernel.name)]


def _content(module: Path) -> bytes:
    data = module.read_bytes()
    return lzma.decompress(data) if module.suffix == ".xz" else data


def _acceleration() -> list[str]:
    # some clouds have a /dev/kvm without the processor's part in it: Debian's kernel does not boot there
    flags = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    able = flags is not None and not {"vmx", "svm"}.isdisjoint(flags[1].split())
    if able and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return ["-accel", "kvm", "-cpu", "host", "-smp", "2"]
    return ["-accel", "tcg", "-icount", "shift=0,sleep=on", "-cpu", "max", "-smp", "1"]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
