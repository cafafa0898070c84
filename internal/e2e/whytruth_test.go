package e2e

// whyStatements are what the parameters of dekho why were tried on.
var whyStatements = []whyTruth{
	{
		file: "kernel/irq/manage.c", statement: "Setting trigger mode %lu for irq %u failed", errno: "EINVAL",
		origins: []whyPlace{{"drivers/irqchip/irq-gic.c", "gic_set_type", "if (gicirq >= 32 && type != IRQ_TYPE_LEVEL_HIGH"}, {"drivers/irqchip/irq-gic-v3.c", "gic_set_type", "if ((range == SPI_RANGE || range == ESPI_RANGE)"}},
		why:     "the device tree asks a level-low or falling-edge SPI, which the GIC refuses; reached through chip->irq_set_type; no code in the text",
	},
	{
		file: "drivers/i2c/busses/i2c-i801.c", statement: "Failed to allocate irq %d: %d", errno: "EBUSY",
		origins: []whyPlace{{"kernel/irq/manage.c", "__setup_irq", "if (!((old->flags & new->flags) & IRQF_SHARED)"}},
		why:     "the PCI interrupt line is already held by a handler that does not share it (goto mismatch)",
	},
	{
		file: "drivers/base/platform.c", statement: "IRQ index %u not found", errno: "ENXIO",
		origins: []whyPlace{{"drivers/base/platform.c", "platform_get_irq_optional", "ret = -ENXIO;"}},
		why:     "neither the firmware node nor the platform resources give an interrupt of that index",
	},
	{
		file: "drivers/tty/serial/imx.c", statement: "failed to get ipg clk: %d", errno: "ENOENT",
		origins: []whyPlace{{"drivers/clk/clkdev.c", "clk_find_hw", "hw = ERR_PTR(-ENOENT)"}},
		why:     "no clock named ipg in the node: clk_get drops the device-tree error and the clkdev fallback lookup finds nothing",
	},
	{
		file: "drivers/spi/spi-ti-qspi.c", statement: "could not get clk: %d", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"drivers/clk/clk.c", "of_clk_get_hw_from_clkspec", "hw = ERR_PTR(-EPROBE_DEFER)"}},
		why:     "the clock provider named by the clocks property is not registered yet, no provider of the list matches",
	},
	{
		file: "drivers/opp/core.c", statement: "no regulator (%s) found", errno: "ENODEV",
		origins: []whyPlace{{"drivers/regulator/core.c", "_regulator_get", "default:"}, {"drivers/regulator/core.c", "regulator_dev_lookup", "return ERR_PTR(-ENODEV);"}},
		why:     "the cpu node has no supply property: lookup finds none and an optional get is not given the dummy",
	},
	{
		file: "drivers/pinctrl/pinmux.c", statement: "pin-%d (%s) status %d", errno: "EINVAL",
		origins: []whyPlace{{"drivers/pinctrl/pinmux.c", "pin_request", "desc->mux_usecount && strcmp(desc->mux_owner, owner)"}, {"drivers/pinctrl/pinmux.c", "pin_request", "int status = -EINVAL;"}},
		why:     "the pin is already muxed for another device (goto out with the initial status)",
	},
	{
		file: "drivers/phy/tegra/xusb-tegra210.c", statement: "failed to get PCIe pad reset: %d", errno: "ENOENT",
		origins: []whyPlace{{"drivers/reset/core.c", "__of_reset_control_get", "if (index < 0)"}},
		why:     "reset-names of the pad node has no entry phy",
	},
	{
		file: "drivers/pci/controller/pcie-rockchip.c", statement: "missing phy for lane %d: %ld", errno: "ENODEV",
		origins: []whyPlace{{"drivers/phy/phy-core.c", "_of_phy_get", "if (ret)"}},
		why:     "phys/phy-names miss this lane: the parse error is turned into -ENODEV here",
	},
	{
		file: "drivers/input/touchscreen/imx6ul_tsc.c", statement: "failed to remap adc memory: %d", errno: "EINVAL",
		origins: []whyPlace{{"lib/devres.c", "__devm_ioremap_resource", "if (!res || resource_type(res) != IORESOURCE_MEM)"}},
		why:     "the node has no second reg entry, so the resource is NULL",
	},
	{
		file: "drivers/rtc/rtc-hym8563.c", statement: "could not init device, %d", errno: "ENXIO",
		origins: []whyPlace{{"drivers/i2c/busses/i2c-rk3x.c", "rk3x_i2c_irq", "if (!(i2c->msg->flags & I2C_M_IGNORE_NAK))"}},
		why:     "the RTC does not acknowledge on the Rockchip bus: the handler stops with -ENXIO kept in i2c->error, reached through algo->master_xfer",
	},
	{
		file: "drivers/cpufreq/sun50i-cpufreq-nvmem.c", statement: "Could not get nvmem cell", errno: "ENOENT",
		origins: []whyPlace{{"drivers/nvmem/core.c", "of_nvmem_cell_get", "if (!cell_np)"}},
		why:     "the OPP table node has no nvmem-cells phandle",
	},
	{
		file: "drivers/base/firmware_loader/main.c", statement: "Direct firmware load for %s failed with error", errno: "ENOENT",
		origins: []whyPlace{{"fs/namei.c", "may_open", "if (!inode)"}, {"fs/namei.c", "step_into", "if (unlikely(!inode))"}},
		why:     "the file is not in /lib/firmware: the open meets a negative dentry",
	},
	{
		file: "net/dsa/slave.c", statement: "error %d registering interface %s", errno: "EEXIST",
		origins: []whyPlace{{"net/core/dev.c", "dev_prep_valid_name", "} else if (netdev_name_in_use(net, want_name)) {"}},
		why:     "the label of the port (such as eth0) is already the name of an interface, often the master",
	},
	{
		file: "drivers/watchdog/watchdog_dev.c", statement: "cannot register miscdev on minor=%d (err=%d)", errno: "EBUSY",
		origins: []whyPlace{{"drivers/char/misc.c", "misc_register", "if (c->minor == misc->minor) {"}},
		why:     "another watchdog driver already registered misc minor 130",
	},
	{
		file: "drivers/gpio/gpiolib.c", statement: "(%s) failed to register, %d", errno: "EBUSY",
		origins: []whyPlace{{"drivers/gpio/gpiolib.c", "gpiodev_add_to_list", "return -EBUSY;"}},
		why:     "the fixed GPIO base overlaps the numbers of a chip registered before (goto err_free_label down to the print)",
	},
	{
		file: "init/do_mounts.c", statement: "VFS: Cannot open root device", errno: "ENXIO",
		origins: []whyPlace{{"block/bdev.c", "blkdev_get_by_dev", "if (!bdev)"}},
		why:     "root= names a device number for which no block device was registered (driver missing, or not probed yet)",
	},
	{
		file: "drivers/spi/spi.c", statement: "failed to create message pump kworker", errno: "EINTR",
		origins: []whyPlace{{"kernel/kthread.c", "__kthread_create_on_node", "if (xchg(&create->done, NULL))"}},
		why:     "the modprobe worker was killed (udev timeout) while it waited for kthreadd; no code in the text",
	},
	{
		file: "sound/soc/soc-core.c", statement: "does not exist or its length is not even", errno: "EINVAL",
		origins: []whyPlace{{"drivers/of/property.c", "of_property_read_string_helper", "if (!prop)"}, {"sound/soc/soc-core.c", "snd_soc_of_parse_audio_routing", "if (num_routes < 0 || num_routes & 1)"}},
		why:     "the card node has no audio-routing property; no code in the text",
	},
	{
		file: "drivers/thermal/thermal-generic-adc.c", statement: "Thermal zone sensor register failed: %d", errno: "ENODEV",
		origins: []whyPlace{{"drivers/thermal/thermal_of.c", "of_thermal_zone_find", "tz = ERR_PTR(-ENODEV);"}},
		why:     "no zone of thermal-zones refers to this sensor",
	},
	{
		file: "kernel/irq/irqdomain.c", statement: "didn't like hwirq-0x%lx to VIRQ%i mapping", errno: "ENXIO",
		origins: []whyPlace{{"drivers/gpio/gpiolib.c", "gpiochip_irq_map", "if (!gpiochip_irqchip_irq_valid(gc, hwirq))"}},
		why:     "a device tree interrupt names a GPIO line the chip cannot use as an interrupt; reached through domain->ops->map",
	},
	{
		file: "kernel/kexec_file.c", statement: "Enforced kernel signature verification failed", errno: "ENODATA",
		origins: []whyPlace{{"crypto/asymmetric_keys/verify_pefile.c", "pefile_parse_binary", "if (!ddir->certs.virtual_address || !ddir->certs.size)"}},
		why:     "the kernel given to kexec is an unsigned PE image; reached through image->fops->verify_sig",
	},
	{
		file: "drivers/usb/core/hub.c", statement: "device not accepting address %d, error %d", errno: "ETIME",
		origins: []whyPlace{{"drivers/usb/host/xhci.c", "xhci_setup_device", "case COMP_COMMAND_ABORTED:"}, {"drivers/usb/host/xhci.c", "xhci_setup_device", "case COMP_COMMAND_RING_STOPPED:"}},
		why:     "the Address Device command of the xHC timed out; reached through hcd->driver->address_device",
	},
	{
		file: "sound/soc/rockchip/rockchip_rt5645.c", statement: "Soc register card failed %d", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"sound/soc/soc-core.c", "soc_dai_link_sanity_check", "if (!soc_find_component(codec)) {"}, {"sound/soc/soc-core.c", "soc_dai_link_sanity_check", "if (!soc_find_component(platform)) {"}},
		why:     "the codec (or I2S) driver has not registered its component yet",
	},
	{
		file: "arch/arm64/kernel/psci.c", statement: "failed to boot CPU%d (%d)", errno: "EINVAL",
		origins: []whyPlace{{"drivers/firmware/psci/psci.c", "psci_to_linux_errno", "case PSCI_RET_INVALID_PARAMS:"}, {"drivers/firmware/psci/psci.c", "psci_to_linux_errno", "case PSCI_RET_INVALID_ADDRESS:"}},
		why:     "the firmware does not know the MPIDR of the cpu node; reached through psci_ops.cpu_on",
	},
	{
		file: "drivers/i2c/i2c-core-base.c", statement: "Failed to register i2c client %s at 0x%02x (%d)", errno: "EBUSY",
		origins: []whyPlace{{"drivers/i2c/i2c-core-base.c", "__i2c_check_addr_busy", "if (client && i2c_encode_flags_to_addr(client) == addr)"}},
		why:     "a client at this address exists already on the adapter (callback of device_for_each_child, goto out_err)",
	},
	{
		file: "drivers/net/ethernet/stmicro/stmmac/stmmac_main.c", statement: "Failed to reset the dma", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/net/ethernet/stmicro/stmmac/dwmac4_lib.c", "dwmac4_dma_reset", "return readl_poll_timeout(ioaddr + DMA_BUS_MODE"}, {"drivers/net/ethernet/stmicro/stmmac/dwmac_lib.c", "dwmac_dma_reset", "return readl_poll_timeout(ioaddr + DMA_BUS_MODE"}},
		why:     "the software reset never clears because the PHY gives no RX clock; reached through the dma ops; no code in the text",
	},
	{
		file: "drivers/pwm/core.c", statement: "can't parse \\\"pwms\\\" property", errno: "ENOENT",
		origins: []whyPlace{{"drivers/of/base.c", "of_phandle_iterator_next", "if (!it->cur || it->phandle_end >= it->list_end)"}},
		why:     "the node has no pwms property: the result of the iterator's init is dropped and next reports it; no code in the text",
	},
	{
		file: "drivers/net/dsa/realtek/realtek-mdio.c", statement: "unable to register switch ret = %d", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"net/dsa/dsa2.c", "dsa_port_parse_of", "if (!master) {"}},
		why:     "the Ethernet controller of the CPU port has not registered its net device yet",
	},
	{
		file: "drivers/mmc/core/sd.c", statement: "whilst initialising SD card", errno: "EILSEQ",
		origins: []whyPlace{{"drivers/mmc/host/sdhci.c", "sdhci_cmd_irq", "if (intmask & SDHCI_INT_TIMEOUT) {"}, {"drivers/mmc/host/dw_mmc.c", "dw_mci_command_complete", "else if ((cmd->flags & MMC_RSP_CRC)"}},
		why:     "the host reports a CRC error on a command's response: the code travels in cmd->error, then goto err",
	},
}

// whyOthers were looked at when they were all written.
var whyOthers = []whyTruth{
	{
		file: "drivers/clk/sunxi-ng/ccu_common.c", statement: "Couldn't register clock %d - %s", errno: "EEXIST",
		origins: []whyPlace{{"drivers/clk/clk.c", "__clk_core_init", "if (clk_core_lookup(core->name)) {"}},
		why:     "a clock of the same name is registered already; no code in the text",
	},
	{
		file: "drivers/input/keyboard/gpio_keys.c", statement: "failed to get gpio: %d", errno: "EBUSY",
		origins: []whyPlace{{"drivers/gpio/gpiolib.c", "gpiod_request_commit", "if (test_and_set_bit(FLAG_REQUESTED"}},
		why:     "the line is already requested by another driver (else branch)",
	},
	{
		file: "drivers/tty/serial/sprd_serial.c", statement: "request TX DMA channel failed, ret = %ld", errno: "ENODEV",
		origins: []whyPlace{{"drivers/dma/of-dma.c", "of_dma_request_slave_channel", "if (!of_find_property(np, \"dmas\", NULL))"}},
		why:     "the node has no dmas property",
	},
	{
		file: "lib/kobject.c", statement: "failed for %s with -EEXIST", errno: "EEXIST",
		origins: []whyPlace{{"fs/kernfs/dir.c", "kernfs_link_sibling", "else if (result > 0)"}},
		why:     "a sysfs entry of this name exists in the directory (else branch of the comparison)",
	},
	{
		file: "drivers/nvme/host/pci.c", statement: "Removing after probe failure status: %d", errno: "ENODEV",
		origins: []whyPlace{{"drivers/nvme/host/pci.c", "nvme_pci_enable", "if (readl(dev->bar + NVME_REG_CSTS) == -1)"}, {"drivers/nvme/host/core.c", "nvme_wait_ready", "if (time_after(jiffies, timeout_jiffies)) {"}},
		why:     "the controller does not answer (registers read all ones) or never becomes ready (goto out)",
	},
	{
		file: "drivers/usb/core/hcd.c", statement: "can't setup: %d", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/usb/host/xhci.c", "xhci_handshake", "ret = readl_poll_timeout_atomic(ptr, result,"}},
		why:     "the xHC does not halt or leave reset (clock or PHY off); reached through hcd->driver->reset",
	},
	{
		file: "drivers/bluetooth/btbcm.c", statement: "BCM: Reset failed (%d)", errno: "ETIMEDOUT",
		origins: []whyPlace{{"net/bluetooth/hci_sync.c", "__hci_cmd_sync_sk", "default:"}},
		why:     "the controller never answers the HCI reset (wrong baud rate, power line off)",
	},
	{
		file: "kernel/module/main.c", statement: "Unknown symbol %s (err %d)", errno: "EINVAL",
		origins: []whyPlace{{"kernel/module/main.c", "resolve_symbol", "if (!check_version(info, name, mod, fsa.crc))"}},
		why:     "the module was built for another kernel: the CRC of the symbol differs",
	},
	{
		file: "drivers/mtd/ubi/build.c", statement: "UBI error: cannot open mtd %s, error %d", errno: "ENODEV",
		origins: []whyPlace{{"drivers/mtd/mtdcore.c", "get_mtd_device", "if (!ret) {"}},
		why:     "ubi.mtd=N names an MTD number that does not exist",
	},
	{
		file: "drivers/spi/spi.c", statement: "has no valid 'reg' property (%d)", errno: "EINVAL",
		origins: []whyPlace{{"drivers/of/property.c", "of_find_property_value_of_size", "if (!prop)"}},
		why:     "the SPI child node lacks reg (through ERR_PTR/PTR_ERR)",
	},
	{
		file: "fs/ubifs/super.c", statement: "cannot open \\\"%s\\\", error %d", errno: "ENODEV",
		origins: []whyPlace{{"drivers/mtd/ubi/kapi.c", "ubi_open_volume_nm", "if (!ubi)"}, {"drivers/mtd/ubi/kapi.c", "ubi_open_volume_nm", "if (vol_id >= 0)"}},
		why:     "root=ubi0:NAME but ubi0 is not attached, or has no volume of that name (else branch)",
	},
}
