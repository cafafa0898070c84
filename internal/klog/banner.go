package klog

import "strings"

// This file knows what firmware, boot loaders, the kernel's entry code and
// capture tools print: how to tell where a boot starts and who speaks before
// printk does. The texts are facts of those programs' output.

// bannerKind says what a line without a kernel time stamp is evidence of.
type bannerKind uint8

const (
	_ bannerKind = iota // no banner
	// bannerFirmware is printed once by a stage of the firmware when it starts.
	bannerFirmware
	// bannerLoader is printed once by a boot loader when it starts.
	bannerLoader
	// bannerHandover is printed on the way into the kernel: the loader's last
	// words, the EFI stub, the decompressor.
	bannerHandover
	// bannerFirmwareLine and bannerLoaderLine are other lines of these; some
	// firmware stays resident and prints while a kernel runs.
	bannerFirmwareLine
	bannerLoaderLine
	// bannerCapture is a line of the capture tool.
	bannerCapture
)

// starts reports whether the banner means that the machine left the kernel
// that was running.
func (k bannerKind) starts() bool {
	return k == bannerFirmware || k == bannerLoader || k == bannerHandover
}

// banner is a row of the table: a line that starts with prefix, and contains
// also if that is not empty. Stage orders the stages of one start of the
// machine; a lower or equal one after a higher means a restart.
type banner struct {
	prefix, also string
	kind         bannerKind
	stage        uint8
}

// Stages of a start of the machine.
const (
	stageROM = iota + 1
	stageEarly
	stageMiddle
	stageLate
	stageLoader
)

var banners = []banner{
	// Firmware.
	{"U-Boot TPL 20", "", bannerFirmware, stageROM},
	{"U-Boot SPL 20", "", bannerFirmware, stageEarly},
	{"NOTICE:  Booting Trusted Firmware", "", bannerFirmware, stageROM},
	{"NOTICE:  BL1: v", "", bannerFirmware, stageROM},
	{"NOTICE:  BL2: v", "", bannerFirmware, stageEarly},
	{"NOTICE:  BL31: v", "", bannerFirmware, stageLate},
	{"NOTICE:  BL", "", bannerFirmwareLine, 0},
	{"INFO:    ", "", bannerFirmwareLine, 0},
	{"VERBOSE: ", "", bannerFirmwareLine, 0},
	{"coreboot-", " bootblock starting", bannerFirmware, stageROM},
	{"coreboot-", " verstage starting", bannerFirmware, stageEarly},
	{"coreboot-", " romstage starting", bannerFirmware, stageMiddle},
	{"coreboot-", " starting", bannerFirmwareLine, 0},
	{">>>>SecStartup", "", bannerFirmware, stageROM},
	{"SecCoreStartupWithStack", "", bannerFirmware, stageROM},
	{"UEFI firmware (version ", "", bannerFirmware, stageROM},
	{"UEFI Interactive Shell", "", bannerLoader, stageLoader},
	{"BdsDxe: ", "", bannerFirmwareLine, 0},
	{"SeaBIOS (version ", "", bannerFirmware, stageROM},
	{"iPXE (http", "", bannerFirmwareLine, 0},
	{"OpenSBI v", "", bannerFirmware, stageLate},
	{"I/TC: OP-TEE version", "", bannerFirmware, stageLate},
	{"I/TC: ", "", bannerFirmwareLine, 0},
	{"D/TC:", "", bannerFirmwareLine, 0},
	{"E/TC:", "", bannerFirmwareLine, 0},
	{"M/TC:", "", bannerFirmwareLine, 0},
	{"(XEN) ", "", bannerFirmwareLine, 0},
	{"HELLO! BOOT0 is starting", "", bannerFirmware, stageROM},
	{"DDR Version ", "", bannerFirmware, stageROM},
	{"DDR V1.", "", bannerFirmware, stageROM},
	{"[DL] 0", "", bannerFirmware, stageROM},
	{"RPi: BOOTLOADER release", "", bannerFirmware, stageROM},
	{"Raspberry Pi Bootcode", "", bannerFirmware, stageROM},
	{"MESS:0", "", bannerFirmwareLine, 0},
	{"Format: Log Type - Time(microsec)", "", bannerFirmware, stageROM},
	{"BootROM", "", bannerFirmware, stageROM},
	{"TIM-1.0", "", bannerFirmware, stageROM},
	{"WTMI-", "", bannerFirmwareLine, 0},
	{"GXL:BL", "", bannerFirmware, stageROM},
	{"SM1:BL", "", bannerFirmware, stageROM},
	{"G12", "A:BL:", bannerFirmware, stageROM},
	{"G12", "B:BL:", bannerFirmware, stageROM},
	{"SLOF **", "", bannerFirmware, stageROM},
	{"OPAL v", "", bannerFirmware, stageLate},
	{"PMON2000", "", bannerFirmware, stageROM},
	{"I'm in purgatory", "", bannerHandover, 0},

	// Boot loaders.
	{"U-Boot 20", "", bannerLoader, stageLoader},
	{"U-Boot 1.", "", bannerLoader, stageLoader},
	{"U-Boot> ", "", bannerLoaderLine, 0},
	{"=> ", "", bannerLoaderLine, 0},
	{"Hit any key to stop autoboot", "", bannerLoaderLine, 0},
	{"barebox 20", "", bannerLoader, stageLoader},
	{"GNU GRUB  version", "", bannerLoader, stageLoader},
	{"Welcome to GRUB!", "", bannerLoader, stageLoader},
	{"GRUB loading", "", bannerLoader, stageLoader},
	{"  Booting `", "", bannerLoaderLine, 0},
	{"Booting a command list", "", bannerLoaderLine, 0},
	{"SYSLINUX ", "", bannerLoader, stageLoader},
	{"ISOLINUX ", "", bannerLoader, stageLoader},
	{"PXELINUX ", "", bannerLoader, stageLoader},
	{"RedBoot(tm)", "", bannerLoader, stageLoader},
	{"CFE version ", "", bannerLoader, stageLoader},
	{"YAMON ROM Monitor", "", bannerLoader, stageLoader},
	{"welcome to lk", "", bannerLoader, stageLoader},
	{"Android Bootloader - UART_DM Initialized", "", bannerLoader, stageLoader},
	{"Starting depthcharge on ", "", bannerLoader, stageLoader},

	// The way into the kernel.
	{"Starting kernel ...", "", bannerHandover, 0},
	{"jumping to kernel", "", bannerHandover, 0},
	{"Booting using the fdt blob", "", bannerLoaderLine, 0},
	{"EFI stub: ", "", bannerHandover, 0},
	{"Uncompressing Linux...", "", bannerHandover, 0},
	{"Decompressing Linux...", "", bannerHandover, 0},
	{"early console in ", "", bannerHandover, 0},
	{"zImage starting: loaded at", "", bannerHandover, 0},
	{"Booting the kernel", "", bannerHandover, 0},
	{"No EFI environment detected.", "", bannerHandover, 0},

	// Capture tools.
	{"Script started on ", "", bannerCapture, 0},
	{"Script done on ", "", bannerCapture, 0},
	{"Welcome to minicom", "", bannerCapture, 0},
	{"picocom v", "", bannerCapture, 0},
	{"Terminal ready", "", bannerCapture, 0},
	{"[-- MARK -- ", "", bannerCapture, 0},
	{"[Enter `^Ec?' for help]", "", bannerCapture, 0},
	{"=~=~=~=~=~=", "", bannerCapture, 0},
	{"-- Logs begin at ", "", bannerCapture, 0},
	{"-- Journal begins at ", "", bannerCapture, 0},
	{"-- No entries --", "", bannerCapture, 0},
	{"-- Reboot --", "", bannerCapture, 0},
	{"-- Boot ", "", bannerCapture, 0},
	{"-- cursor: ", "", bannerCapture, 0},
	{"Connected to /dev/tty", "", bannerCapture, 0},
}

// bannerIndex holds the rows by the first byte of their prefix.
var bannerIndex = func() (x [256][]*banner) {
	for i := range banners {
		b := &banners[i]
		x[b.prefix[0]] = append(x[b.prefix[0]], b)
	}
	return x
}()

// noBanner is what a line that is none is looked up as.
var noBanner banner

// bannerOf looks a line up; rows come in the order of the table.
func bannerOf(text string) *banner {
	if text != "" {
		for _, b := range bannerIndex[text[0]] {
			if strings.HasPrefix(text, b.prefix) && (b.also == "" || strings.Contains(text, b.also)) {
				return b
			}
		}
	}
	return &noBanner
}

// journalBootID reads "-- Boot 0123456789abcdef0123456789abcdef --". For the
// older "-- Reboot --", which does not name the boot, it is "reboot".
func journalBootID(text string) string {
	if text == "-- Reboot --" {
		return "reboot"
	}
	const front, back = "-- Boot ", " --"
	if strings.HasPrefix(text, front) && strings.HasSuffix(text, back) && len(text) == len(front)+32+len(back) {
		return text[len(front) : len(front)+32]
	}
	return ""
}
