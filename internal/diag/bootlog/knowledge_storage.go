package bootlog

import "dekho/internal/finding"

// storage is what concerns disks and file systems.
var storage = []*Entry{
	{
		// drivers/mmc/core, drivers/ata/libata-*.c, drivers/nvme/host, drivers/mtd
		ID: "disk-not-ready", Severity: finding.Broken, Stage: StageProbe, Title: "the disk[ {name}] does not come up",
		Meaning: "card, disk or flash is there, and does not answer as it should while it is set up: supply, clock, bus width or speed, or the medium itself",
		Rules: []Rule{
			{"error -", `^(?P<name>mmc\d+): error (?P<errno>-\d+) whil(?:st|e) initiali[sz]ing`},
			{"failed to initialize a non-removable card", `^(?P<name>mmc\d+)`},
			{"card did not respond to voltage select", `^(?P<name>mmc\d+): .*(?P<errno>-\d+)?`},
			{"unable to read ext_csd on a possible", `^(?P<name>mmc\d+)`},
			{"failed to identify", `^(?P<name>ata[\d.]+): failed to identify`},
			{"comreset failed", `^(?P<name>ata\d+): .*errno=(?P<errno>-\d+)`},
			{"device not ready; aborting", `nvme (?P<name>nvme\d+)`},
			{"removing after probe failure", `nvme (?P<name>nvme\d+): .*status: (?P<errno>-\d+)`},
			{"failed to attach mtd", `failed to attach (?P<name>mtd\d+), error (?P<errno>-\d+)`},
			{"cannot attach mtd", `cannot attach (?P<name>mtd\d+)`},
			{"link startup failed", `link startup failed (?P<errno>-?\d+)`},
		},
	},
	{
		// block/blk-core.c, fs/buffer.c, drivers/mmc/host, drivers/ata/libata-eh.c, drivers/scsi, drivers/nvme/host
		ID: "io-error", Severity: finding.Broken, Stage: StageUse, Whole: true, Title: "input/output errors[ on {name}]",
		Meaning: "the disk, its link or its controller failed a request",
		Next:    []finding.Step{{Why: "smartctl -a, or nvme smart-log: a disk that fails counts it; else the cable, the supply or the controller"}},
		Rules: []Rule{
			{"i/o error", `(?:i/o error, dev|i/o error on dev|i/o error on device|i/o error, device) (?P<name>[\w-]+)`},
			{"error, dev ", `^(?:blk_update_request: |print_req_error: |end_request: )?[\w\s/-]+ error, dev (?P<name>[\w-]+), sector`},
			{"medium error", `(?:\[(?P<name>\w+)\] )?(?:tag#\d+ )?sense key : medium error`},
			{"hardware error", `\[(?P<name>\w+)\] (?:tag#\d+ )?sense key : hardware error`},
			{"failed command:", `^(?P<name>ata[\d.]+): failed command`},
			{"hard resetting link", `^(?P<name>ata\d+)`},
			{"timeout waiting for hardware", `^(?P<name>mmc\d+)`},
			{"card stuck being busy", `^(?P<name>mmc\d+|\S+)`},
			{"transferring data, sector", `^(?P<name>mmcblk\w+): error (?P<errno>-\d+)`},
			{"cache flush error", `^(?P<name>mmc\d+): cache flush error (?P<errno>-\d+)`},
			{"recovery failed!", `^(?P<name>mmcblk\w+): recovery failed`},
			{"attempt to access beyond end of device", `(?:^(?P<name>\w+): )?`},
			{"uncorrectable ecc error", ``},
			{"uncorrectable error", `\b(?:ubi|nand|mtd|nvme)`},
			{"error -74 (ecc error)", `(?P<name>ubi\d+)?`},
			{"i/o timeout", `nvme (?P<name>nvme\d+)`},
			{" timeout, ", `nvme (?P<name>nvme\d+): i/o \d+ .*timeout`},
			{"i/o tag", `nvme (?P<name>nvme\d+): i/o tag .* timeout`},
			{"controller is down", `nvme (?P<name>nvme\d+)`},
			{"rejecting i/o to offline device", ``},
			{"device offlined", ``},
			{"buffer i/o error", ``},
			{"failing device", `\bmd/|raid`},
			{"disk failure on", `disk failure on (?P<name>\w+)`},
		},
	},
	{
		// fs/{ext4,xfs,btrfs,f2fs,jffs2,ubifs,squashfs,fat,jbd2}, drivers/md/dm-verity-target.c, dm-crypt.c
		ID: "fs-error", Severity: finding.Broken, Stage: StageUse, Whole: true, Title: "the file system[ on {name}] is damaged or cannot be read",
		Meaning: "what was read is not what the file system wrote: it was not unmounted, the disk lies, or the image is not what it should be",
		Next:    []finding.Step{{Why: "check it from another system (fsck without repairs first), and look for input/output errors before"}},
		Rules: []Rule{
			{"-fs error (device", `\w+-fs error \(device (?P<name>[\w-]+)\)`},
			{"-fs (", `\w+-fs \((?P<name>[\w-]+)\): (?:error loading journal|group descriptors corrupted|get root inode failed|unable to read superblock|remounting filesystem read-only|failed to get valid|bad geometry|no journal found|checksum error|can't read superblock|corrupt)`},
			{"btrfs", `btrfs(?: critical| error|: error)[^(]*\(device (?P<name>[\w-]+)`},
			{"xfs (", `xfs \((?P<name>[\w-]+)\): .*(?:corrupt|metadata i/o error|log i/o error|bad magic|log mount.*failed|unmount and run|filesystem has been shut down|mount failed)`},
			{"squashfs error", `squashfs error: (?:.*"(?P<name>[^"]+)")?`},
			{"jffs2", `jffs2(?: error)?: .*(?:error|not found|crc)`},
			{"ubifs error", `ubifs error \((?P<name>ubi[\d:]+)`},
			{"ubi error", `(?P<name>ubi\d*) error`},
			{"f2fs-fs (", `f2fs-fs \((?P<name>[\w-]+)\): .*(?:invalid|corrupt|failed|inconsistent|wrong)`},
			{"aborting journal on device", `device (?P<name>[\w-]+?)(?:-\d+)?\.`},
			{"is corrupted", `device-mapper: verity: (?P<name>\S+): (?:data|metadata) block \d+ is corrupted`},
			{"reached maximum errors", `device-mapper: verity: (?P<name>\S+)`},
			{"integrity aead error", `device-mapper: crypt: (?P<name>\S+)`},
			{"erofs (device", `erofs \(device (?P<name>[\w-]+)\): .*(?:error|fail|corrupt|cannot|invalid|bogus)`},
			{"isofs", `isofs: unable to|isofs.*error`},
			{"overlayfs: failed", ``},
		},
		Reports: []string{"kernel panic: dm-verity", "kernel panic: EXT4-fs", "kernel panic: btrfs", "kernel panic: overlayfs"},
	},
	{
		ID: "fs-not-recognised", Severity: finding.Degraded, Stage: StageUse, Title: "no file system[ on {name}] that this driver knows",
		Meaning: "what is to be mounted holds another file system, or none",
		Rules: []Rule{
			{"vfs: can't find", `(?:\((?P<name>[\w-]+)\): vfs: can't find|vfs: can't find .*(?:dev|device) (?P<name>[\w-]+))`},
			{"can't find valid f2fs", `\((?P<name>[\w-]+)\)`},
			{"can't find a valid fat filesystem", `\((?P<name>[\w-]+)\)`},
			{"invalid superblock magic number", `xfs \((?P<name>[\w-]+)\)`},
			{"unknown filesystem type", ``},
		},
	},
	{
		ID: "fs-unclean", Severity: finding.Note, Stage: StageAny, Title: "the file system[ on {name}] was not unmounted before",
		Meaning: "the machine was switched off or crashed while it was mounted",
		Rules: []Rule{
			{"volume was not properly unmounted", `\((?P<name>[\w-]+)\)`},
			{"mounting fs with errors", `\((?P<name>[\w-]+)\)`},
			{"mounting unchecked fs", `\((?P<name>[\w-]+)\)`},
			{"was not unmounted cleanly", `\((?P<name>[\w-]+)\)`},
			{"recovery required on readonly filesystem", `\((?P<name>[\w-]+)\)`},
		},
	},
}
