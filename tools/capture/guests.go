package main

import (
	"fmt"
	"slices"
	"strings"
)

// guest is one boot to capture.
type guest struct {
	name    string // of the capture, without .log
	about   string // one sentence for the README
	machine string
	// append goes behind "console=... panic=-1" (at once after a panic, restart) on the kernel's command line.
	append       string
	noInit       bool // an initramfs without a first process
	badInit      bool // or one whose first process cannot be executed
	reboots      bool // a restart starts the machine again; else it ends the capture
	modules      []string
	moduleParams map[string]string
	patches      []patchCode
	// plan is what the first process does (see tools/guestinit); @modules@
	// stands for the loading of modules.
	plan  string
	ports []string // further serial ports, each captured into a file of this name
	disks []disk
	args  []string // further devices for QEMU
	// second is the kernel that @kexec@ in the plan starts, if any.
	second *second
	// stopAfter ends the capture once it stands on the console stops times;
	// without it the machine ends by itself.
	stopAfter string
	stops     int
	// hangs says that the machine falls silent, and that this is the end.
	hangs bool
	// expect must appear on the console: else the capture is not what it says.
	expect string
}

// second is the same kernel once more, started by kexec(8) out of the initramfs.
type second struct {
	append string // goes behind the first one's command line; no blanks
	plan   string // what its first process does
	// noCPU1 makes the firmware answer that it has started the second processor,
	// which it has not. Of a machine with a device tree.
	noCPU1 bool
}

// commandLine is the kernel's.
func (g *guest) commandLine(m *machine) string {
	return strings.TrimSpace("console=" + m.console + " panic=-1 " + g.append)
}

const mounts = `mount devtmpfs dev /dev
mount proc proc /proc
mount sysfs sys /sys
`

var pcModules = []string{
	// The disk behind virtio before those behind AHCI and USB: the plans name
	// /dev/sda.
	"virtio_pci", "virtio_scsi", "sd_mod", "virtio_blk", "virtio_net", "virtio-rng", "virtio_balloon", "virtio_console",
	"nvme", "ahci", "sr_mod", "sg",
	"e1000e",
	"xhci_pci", "usb-storage", "uas", "usbhid", "hid-generic",
	"snd-hda-intel", "snd-hda-codec-generic",
	"i2c-i801", "lpc_ich", "iTCO_wdt", "i6300esb", "psmouse", "pcspkr", "evdev", "button",
	"bochs", "loop", "crc32c_generic", "ext4", "8021q", "bridge", "tun",
}

// pcDevices is a PC with one of each of what the drivers above drive. The
// empty romfile keeps the boot ROM packages out of it.
var pcDevices = []string{
	"-device", "virtio-blk-pci,drive=root",
	"-device", "virtio-scsi-pci,id=scsi", "-device", "scsi-hd,bus=scsi.0,drive=data",
	"-device", "ide-hd,bus=ide.0,drive=sata,serial=DEKHO0001",
	"-device", "ide-cd,bus=ide.1",
	"-device", "nvme,drive=fast,serial=DEKHO0002",
	"-netdev", "user,id=net0", "-device", "virtio-net-pci,netdev=net0,mac=52:54:00:de:00:01,romfile=",
	"-netdev", "user,id=net1", "-device", "e1000e,netdev=net1,mac=52:54:00:de:00:02,romfile=",
	"-device", "virtio-rng-pci", "-device", "virtio-balloon-pci",
	"-device", "qemu-xhci,id=usb", "-device", "usb-kbd,bus=usb.0", "-device", "usb-storage,bus=usb.0,drive=stick",
	"-audiodev", "none,id=none", "-device", "ich9-intel-hda", "-device", "hda-duplex,audiodev=none",
	"-device", "bochs-display", "-device", "i6300esb",
}

func pcDisks() []disk {
	return []disk{
		{name: "root", mib: 32, ext4: true},
		{name: "data", mib: 16, ext4: true},
		{name: "sata", mib: 16, mbr: []part{{0x83, 2048, 8192}, {0x82, 10240, 8192}}},
		{name: "fast", mib: 16, mbr: []part{{0x83, 2048, 16384}}},
		{name: "stick", mib: 8, mbr: []part{{0x0c, 2048, 8192}}},
	}
}

// pcPlan loads the drivers, lets them find their devices, mounts, brings the
// network up.
const pcPlan = mounts + `@modules@
sleep 5s
mount ext4 /dev/vda /mnt/root
mount ext4 /dev/sda /mnt/data ro
run /dev/console /bin/busybox ip link set eth0 up
run /dev/console /bin/busybox ip link set eth1 up
run /dev/console /bin/busybox brctl addbr br0
run /dev/console /bin/busybox brctl addif br0 eth0
run /dev/console /bin/busybox ip link set br0 up
sleep 4s
`

const pcEnd = `umount /mnt/root
print the guest is done
poweroff
`

var imxModules = []string{
	"gpio-mxc", "i2c-imx", "pfuze100-regulator", "anatop-regulator", "sdhci-esdhc-imx", "mmc_block", "fec", "spi-imx", "flexcan",
	"imx_thermal", "nvmem-imx-ocotp", "imx2_wdt", "pwm-imx27", "pwm_bl", "imx7d_adc", "caam", "caam_jr", "gpmi-nand",
	"phy-generic", "usbmisc_imx", "ci_hdrc_imx", "ads7846", "imx_keypad", "mpl3115", "mux-mmio", "video-mux",
	"imx7-media-csi", "panel-simple", "crc32c_generic", "ext4",
}

var imxDevices = []string{"-nic", "user,model=imx.enet,mac=52:54:00:de:00:03"}

const imxPlan = mounts + `@modules@
sleep 5s
mount ext4 /dev/mmcblk0 /mnt/card
run /dev/console /bin/busybox ip link set eth0 up
sleep 4s
umount /mnt/card
print the guest is done
poweroff
`

var guests = []*guest{
	{
		name: "x86-64-boot", machine: "x86-64",
		about: "a PC with virtio, AHCI, NVMe, e1000e, xHCI and HDA devices boots, loads their drivers, mounts ext4 file systems, " +
			"brings two network interfaces up and switches off. From inside, just before its end: `x86-64-boot.dmesg` (busybox dmesg), " +
			"`x86-64-boot-raw.dmesg` (dmesg -r) and `x86-64-boot.kmsg` (the records of /dev/kmsg)",
		modules: pcModules, disks: pcDisks(), args: pcDevices,
		plan: pcPlan + `raw /dev/ttyS1
raw /dev/ttyS2
raw /dev/ttyS3
run /dev/ttyS1 /bin/busybox dmesg
run /dev/ttyS2 /bin/busybox dmesg -r
copy /dev/kmsg /dev/ttyS3
` + pcEnd,
		ports:  []string{"x86-64-boot.dmesg", "x86-64-boot-raw.dmesg", "x86-64-boot.kmsg"},
		expect: "the guest is done",
	},
	{
		name: "x86-64-no-time", machine: "x86-64",
		about:  "the same PC without time stamps",
		append: "printk.time=0", modules: pcModules, disks: pcDisks(), args: pcDevices, plan: pcPlan + pcEnd,
		expect: "the guest is done",
	},
	{
		name: "x86-64-debug", machine: "x86-64",
		about:   "the same PC with everything the kernel can say about its boot, from the earliest moment on",
		append:  "earlyprintk=serial,ttyS0,115200 debug ignore_loglevel initcall_debug",
		modules: pcModules, disks: pcDisks(), args: pcDevices, plan: pcPlan + pcEnd,
		expect: "the guest is done",
	},
	{
		name: "x86-64-faults", machine: "x86-64",
		about: "a PC with failing disks and damaged file systems; a CPU goes off and on, a PCI device comes and goes, memory runs out, " +
			"sysrq lists tasks and memory and then crashes it",
		modules:      append(slices.Clone(pcModules), "cfg80211", "kvm_intel", "bonding"),
		moduleParams: map[string]string{"loop": "max_lop=4", "e1000e": "InterruptThrottleRate=7"},
		disks: []disk{
			{name: "root", mib: 32, ext4: true, debugfs: []string{"clri <11>"}},
			{name: "data", mib: 16, ext4: true, damage: []patch{{1024 + 0x78, []byte("damaged")}}},
			{name: "sata", mib: 16, mbr: []part{{0x83, 2048, 8192}, {0x82, 10240, 99999}}, blkdebug: readError(3000)},
			{name: "fast", mib: 16, mbr: []part{{0x83, 2048, 16384}}, blkdebug: readError(4096)},
			{name: "stick", mib: 8},
		},
		args: pcDevices,
		plan: pcPlan + `read /mnt/root/lost+found
read /dev/sdb
read /dev/nvme0n1
mount ext4 /dev/sdc /mnt/stick
mount ext4 /dev/nvme0n1p1 /mnt/fast
write /sys/devices/system/cpu/cpu1/online 0
write /sys/devices/system/cpu/cpu1/online 1
write /sys/bus/pci/devices/0000:00:05.0/remove 1
write /sys/bus/pci/rescan 1
sleep 2s
run /dev/console /bin/busybox tail /dev/zero
write /proc/sys/kernel/sysrq 1
write /proc/sysrq-trigger h
write /proc/sysrq-trigger m
write /proc/sysrq-trigger w
write /proc/sysrq-trigger l
sleep 1s
write /proc/sysrq-trigger t
print now it crashes
write /proc/sysrq-trigger c
`,
		expect: "Kernel panic - not syncing: sysrq triggered crash",
	},
	{
		name: "x86-64-reboot", machine: "x86-64",
		about:   "the firmware speaks, the kernel crashes, the machine restarts by itself, the second boot goes well",
		reboots: true, modules: []string{"virtio_pci", "virtio_blk"},
		disks: []disk{{name: "root", mib: 1}},
		args:  []string{"-machine", "graphics=off", "-device", "virtio-blk-pci,drive=root"},
		plan: mounts + `@modules@
sleep 1s
once /dev/vda write /proc/sysrq-trigger c
print the guest is done
poweroff
`,
		expect: "the guest is done",
	},
	{
		name: "x86-64-no-init", machine: "x86-64",
		about: "the first process cannot be executed", badInit: true,
		expect: "Kernel panic - not syncing: No working init found",
	},
	{
		name: "x86-64-no-root", machine: "x86-64",
		about: "no first process in the initramfs, and a root file system that is not there", noInit: true, append: "root=/dev/sda1 ro",
		expect: "Kernel panic - not syncing: VFS: Unable to mount root fs",
	},
	{
		name: "imx7d-boot", machine: "imx7d",
		about:   "an i.MX7 Dual SABRE board boots, loads the drivers its device tree asks for, mounts an SD card and fails to bring the network up",
		modules: imxModules, disks: []disk{{name: "card", mib: 32, sd: true, ext4: true}}, args: imxDevices, plan: imxPlan,
		expect: "the guest is done",
	},
	{
		name: "imx7d-earlycon", machine: "imx7d",
		about:  "the same board with an early console and everything the kernel can say about its boot",
		append: "earlycon debug ignore_loglevel initcall_debug", modules: imxModules,
		disks: []disk{{name: "card", mib: 32, sd: true, ext4: true}}, args: imxDevices, plan: imxPlan,
		expect: "the guest is done",
	},
	{
		name: "imx7d-no-card", machine: "imx7d",
		about:  "the same board without time stamps, without its SD card, where its root file system should be, and with the second CPU missing",
		append: "printk.time=0 root=/dev/mmcblk0p2 ro", noInit: true, args: []string{"-smp", "1"},
		expect: "Kernel panic - not syncing: VFS: Unable to mount root fs",
	},
}

// readError makes QEMU's block layer fail every read that touches a sector.
func readError(sector int) string {
	return fmt.Sprintf("[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"%d\"\nonce = \"off\"\nimmediately = \"off\"\n", sector)
}
