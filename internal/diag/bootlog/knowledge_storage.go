package bootlog

import "dekho/internal/finding"

// storage is what concerns disks and file systems.
var storage = []*Entry{
	{
		// block/blk-mq.c (blk_print_req_error), fs/buffer.c, drivers/mmc/core, drivers/ata/libata-eh.c, drivers/scsi
		ID: "io-error", Severity: finding.Broken, Stage: StageUse, Title: "input/output errors[ on {name}]",
		Meaning: "the disk, its link or its controller failed a request",
		Rules: []Rule{
			{"i/o error", `(?:i/o error, dev|i/o error on dev|i/o error on device) ?(?P<name>[\w-]+)`},
			{"critical medium error", `dev (?P<name>[\w-]+)`},
			{"critical target error", `dev (?P<name>[\w-]+)`},
			{"medium error", ``},
			{"failed command:", `^(?P<name>ata[\d.]+): failed command`},
			{"error -", `^(?P<name>mmc\d+): error (?P<errno>-\d+) whil(?:st|e)`},
			{"timeout waiting for hardware", `^(?P<name>mmc\d+)`},
			{"attempt to access beyond end of device", ``},
			{"uncorrectable error", `(?P<name>nvme\d+|ubi\d+)`},
			{"ecc error", ``},
			{"hard resetting link", `^(?P<name>ata\d+)`},
			{"i/o timeout", `(?P<name>nvme\d+)?`},
			{"controller is down", `nvme (?P<name>nvme\d+)`},
		},
	},
	{
		// fs/{ext4,xfs,btrfs,f2fs,jffs2,ubifs,squashfs,fat,nfs}
		ID: "fs-error", Severity: finding.Broken, Stage: StageUse, Title: "the file system[ on {name}] is damaged or cannot be read",
		Meaning: "what was read is not what the file system wrote: it was not unmounted, the disk lies, or the image is not what it should be",
		Next:    []finding.Step{{Why: "check it from another system (fsck without repairs first), and look for input/output errors before"}},
		Rules: []Rule{
			{"ext4-fs error", `ext[234]-fs error \(device (?P<name>[\w-]+)\)`},
			{"ext2-fs error", `ext[234]-fs error \(device (?P<name>[\w-]+)\)`},
			{"ext3-fs error", `ext[234]-fs error \(device (?P<name>[\w-]+)\)`},
			{"fs error (device", `fs error \(device (?P<name>[\w-]+)\)`},
			{"btrfs", `btrfs (?:critical|error)[^(]*\(device (?P<name>[\w-]+)`},
			{"xfs", `xfs \((?P<name>[\w-]+)\): .*(?:corrupt|metadata i/o error|log i/o error|bad magic)`},
			{"squashfs error", `squashfs error: (?:.*?)(?:"(?P<name>\S+)"|$)`},
			{"jffs2", `jffs2: .*(?:error|not found|crc)`},
			{"ubifs error", `ubifs error \((?P<name>ubi[\d:]+)`},
			{"error loading journal", ``},
			{"remounting filesystem read-only", `\((?P<name>[\w-]+)\)`},
			{"can't find valid f2fs", `\((?P<name>[\w-]+)\)`},
			{"can't find ext4 filesystem", `\((?P<name>[\w-]+)\)`},
			{"aborting journal on device", `device (?P<name>[\w-]+?)(?:-\d+)?\.`},
			{"vfs: can't find", `dev (?P<name>[\w-]+)`},
		},
	},
}
