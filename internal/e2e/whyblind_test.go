package e2e

// The truth in this file was written down before dekho why was asked about any
// of it: the first run over each list is what docs/accuracy.md calls blind.

// whyBlind are messages of boards that are brought up.
var whyBlind = []whyTruth{
	{
		file: "drivers/usb/core/hub.c", statement: "device descriptor read/64, error %d", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/usb/core/message.c", "usb_start_wait_urb", "else if (rc == 0)"}},
		why:     "the device does not answer the control transfer within its time",
	},
	{
		file: "drivers/mmc/core/sdio.c", statement: "whilst initialising SDIO card", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/mmc/host/sdhci.c", "sdhci_cmd_irq", "host->cmd->error = -ETIMEDOUT;"}, {"drivers/mmc/host/dw_mmc.c", "dw_mci_command_complete", "cmd->error = -ETIMEDOUT;"}, {"drivers/mmc/core/sdio_ops.c", "mmc_send_io_op_cond", "err = -ETIMEDOUT;"}},
		why:     "the WLAN chip is not powered or in reset: a command gets no response (the code travels in cmd->error), or it never becomes ready",
	},
	{
		file: "drivers/usb/dwc3/core.c", statement: "failed to initialize core", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/usb/dwc3/core.c", "dwc3_core_soft_reset", "return -ETIMEDOUT;"}},
		why:     "the soft reset never ends as the PHY gives no clock",
	},
	{
		file: "drivers/regulator/fixed.c", statement: "can't get GPIO", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"drivers/gpio/gpiolib-of.c", "of_get_named_gpiod_flags", "if (!chip) {"}},
		why:     "the GPIO controller (an expander on I2C) is not there yet",
	},
	{
		file: "drivers/net/ethernet/stmicro/stmmac/stmmac_main.c", statement: "%s: Cannot attach to PHY (error: %d)", errno: "ENODEV",
		origins: []whyPlace{{"drivers/net/phy/phylink.c", "phylink_fwnode_phy_connect", "if (!phy_dev)"}, {"drivers/net/ethernet/stmicro/stmmac/stmmac_main.c", "stmmac_init_phy", "if (!phydev) {"}},
		why:     "the PHY did not answer when the MDIO bus was scanned, so there is none at the address or behind the phandle",
	},
	{
		file: "drivers/leds/leds-pwm.c", statement: "unable to request PWM for %s", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"drivers/pwm/core.c", "fwnode_to_pwmchip", "return ERR_PTR(-EPROBE_DEFER);"}},
		why:     "the PWM controller is not registered yet",
	},
	{
		file: "drivers/remoteproc/remoteproc_core.c", statement: "Failed to load program segments: %d", errno: "EINVAL",
		origins: []whyPlace{{"drivers/remoteproc/remoteproc_elf_loader.c", "rproc_elf_load_segments", "if (!ptr) {"}},
		why:     "a segment of the firmware lies outside of the memory the driver knows (bad phdr da); reached through rproc->ops->load",
	},
	{
		file: "drivers/mtd/ubi/build.c", statement: "failed to attach mtd%d, error %d", errno: "EINVAL",
		origins: []whyPlace{{"drivers/mtd/ubi/io.c", "ubi_io_read_ec_hdr", "ubi_err(ubi, \"validation failed for PEB %d\", pnum);"}, {"drivers/mtd/ubi/attach.c", "late_analysis", "ubi_err(ubi, \"MTD device is not UBI-formatted"}, {"drivers/mtd/ubi/vtbl.c", "ubi_read_volume_table", "ubi_err(ubi, \"the layout volume was not found\");"}},
		why:     "the image was made for another page size, or the partition holds no UBI",
	},
	{
		file: "drivers/thermal/thermal_of.c", statement: "Failed to parse trip points for", errno: "EINVAL",
		origins: []whyPlace{{"drivers/of/property.c", "of_find_property_value_of_size", "if (!prop)"}, {"drivers/of/property.c", "of_property_read_string", "if (!prop)"}},
		why:     "a trip lacks its temperature, hysteresis or type",
	},
	{
		file: "drivers/clk/clk-conf.c", statement: "couldn't set %s clk rate to %u", errno: "EINVAL",
		origins: []whyPlace{{"drivers/clk/clk.c", "clk_core_set_rate_nolock", "if (!top)"}},
		why:     "assigned-clock-rates asks for what neither the clock nor its parents can make",
	},
	{
		file: "drivers/pinctrl/core.c", statement: "Error applying setting, reverse things back", errno: "EINVAL",
		origins: []whyPlace{{"drivers/pinctrl/pinmux.c", "pin_request", "desc->mux_usecount && strcmp(desc->mux_owner, owner)"}, {"drivers/pinctrl/pinmux.c", "pin_request", "int status = -EINVAL;"}},
		why:     "a pin of the state belongs to another device; no code in the text",
	},
	{
		file: "drivers/input/touchscreen/goodix.c", statement: "I2C communication failure: %d", errno: "EREMOTEIO",
		origins: []whyPlace{{"drivers/i2c/busses/i2c-designware-common.c", "i2c_dw_handle_tx_abort", "if (abort_source & DW_IC_TX_ABRT_NOACK) {"}, {"drivers/i2c/busses/i2c-bcm2835.c", "bcm2835_i2c_xfer", "if (i2c_dev->msg_err & BCM2835_I2C_S_ERR)"}, {"drivers/i2c/busses/i2c-omap.c", "omap_i2c_xfer_msg", "if (omap->cmd_err & OMAP_I2C_STAT_NACK) {"}, {"drivers/i2c/busses/i2c-tegra.c", "tegra_i2c_error_recover", "if (i2c_dev->msg_err == I2C_ERR_NO_ACK) {"}},
		why:     "the touch controller does not acknowledge its address; reached through algo->master_xfer",
	},
	{
		file: "drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c", statement: "failed to clear cr0", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3.c", "arm_smmu_write_reg_sync", "return readl_relaxed_poll_timeout_atomic("}},
		why:     "the registers do not answer (clock or power domain off); no code in the text",
	},
	{
		file: "sound/soc/generic/simple-card.c", statement: "parse error", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"sound/soc/soc-core.c", "snd_soc_get_dai_name", "int ret = -EPROBE_DEFER;"}},
		why:     "the codec or the CPU's interface has no component yet",
	},
	{
		file: "drivers/pci/of.c", statement: "%s: failed with rc=%d", errno: "EINVAL",
		origins: []whyPlace{{"drivers/of/irq.c", "of_irq_parse_raw", "int i, rc = -EINVAL;"}},
		why:     "the host bridge has no entry of interrupt-map that matches (goto fail with the initial code)",
	},
	{
		file: "drivers/mtd/nand/raw/gpmi-nand/gpmi-nand.c", statement: "DMA channel request failed", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"drivers/dma/of-dma.c", "of_dma_request_slave_channel", "ret_no_channel = -EPROBE_DEFER;"}},
		why:     "the DMA controller of the dmas property is not registered yet",
	},
	{
		file: "drivers/power/reset/gpio-restart.c", statement: "Could not get reset GPIO", errno: "ENOENT",
		origins: []whyPlace{{"drivers/gpio/gpiolib.c", "gpiod_find", "struct gpio_desc *desc = ERR_PTR(-ENOENT);"}},
		why:     "the node has no gpios property: the fallback to lookup tables of the board finds none either",
	},
	{
		file: "mm/cma.c", statement: "alloc failed, req-size", errno: "ENOMEM",
		origins: []whyPlace{{"mm/cma.c", "cma_alloc", "int ret = -ENOMEM;"}},
		why:     "the area has no free range of the size",
	},
	{
		file: "drivers/char/tpm/tpm-interface.c", statement: "%s: send(): error %d", errno: "ETIME",
		origins: []whyPlace{{"drivers/char/tpm/tpm_tis_core.c", "tpm_tis_send_data", "(chip, TPM_STS_COMMAND_READY, chip->timeout_b,"}, {"drivers/char/tpm/tpm_tis_core.c", "tpm_tis_send_data", "rc = -ETIME;"}, {"drivers/char/tpm/tpm_tis_core.c", "tpm_tis_send_main", "rc = -ETIME;"}},
		why:     "the chip on SPI or LPC never reports that it is ready or has taken the command; reached through chip->ops->send",
	},
	{
		file: "drivers/gpu/drm/rockchip/rockchip_rgb.c", statement: "failed to find panel or bridge %d", errno: "ENODEV",
		origins: []whyPlace{{"drivers/gpu/drm/drm_of.c", "drm_of_find_panel_or_bridge", "if (!remote)"}},
		why:     "what the endpoint leads to is missing or disabled",
	},
}

// whyBlind2 were written down while the causes of what was missed before were
// mended, and asked about when that was done.
var whyBlind2 = []whyTruth{
	{
		file: "drivers/pci/controller/dwc/pci-imx6.c", statement: "waiting for PHY ready timeout!", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/phy/freescale/phy-fsl-imx8m-pcie.c", "imx8_pcie_phy_power_on", "readl_poll_timeout("}},
		why:     "the PLL of the PHY does not lock, as its reference clock is missing; reached through phy->ops->power_on; no code in the text",
	},
	{
		file: "drivers/net/dsa/realtek/rtl8365mb.c", statement: "failed to get parent irq: %d", errno: "EINVAL",
		origins: []whyPlace{{"drivers/of/property.c", "of_find_property_value_of_size", "if (!prop)"}},
		why:     "the interrupt-controller node has no interrupts property",
	},
	{
		file: "drivers/gpu/drm/bridge/imx/imx-ldb-helper.c", statement: "failed to get regmap: %d", errno: "EINVAL",
		origins: []whyPlace{{"drivers/mfd/syscon.c", "syscon_node_to_regmap", "if (!of_device_is_compatible(np, \"syscon\"))"}},
		why:     "the parent of the bridge's node is no syscon",
	},
	{
		file: "drivers/rtc/class.c", statement: "hctosys: unable to read the hardware clock", errno: "EINVAL",
		origins: []whyPlace{{"drivers/rtc/rtc-pcf8563.c", "pcf8563_rtc_read_time", "return -EINVAL;"}, {"drivers/rtc/rtc-pcf85063.c", "pcf85063_rtc_read_time", "return -EINVAL;"}, {"drivers/rtc/rtc-ds1307.c", "ds1307_get_time", "return -EINVAL;"}, {"drivers/rtc/lib.c", "rtc_valid_tm", "return -EINVAL;"}},
		why:     "the battery was empty: the chip says that its time is not to be trusted, or it is no time at all; reached through rtc->ops->read_time",
	},
	{
		file: "drivers/firmware/arm_scmi/driver.c", statement: "unable to communicate with SCMI", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/firmware/arm_scmi/driver.c", "scmi_wait_for_message_response", "if (!wait_for_completion_timeout(&xfer->done,"}},
		why:     "the firmware does not answer; reached through ph->xops->do_xfer; no code in the text",
	},
	{
		file: "drivers/net/ethernet/freescale/fec_main.c", statement: "MDIO read timeout", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/net/ethernet/freescale/fec_main.c", "fec_enet_mdio_wait", "ret = readl_poll_timeout_atomic("}},
		why:     "no clock at the interface; no code in the text",
	},
	{
		file: "fs/ext4/super.c", statement: "error loading journal", errno: "EIO",
		origins: []whyPlace{{"fs/jbd2/journal.c", "jbd2_journal_load", "return -EIO;"}},
		why:     "replaying the journal failed (goto recovery_error drops the code); no code in the text",
	},
	{
		file: "drivers/usb/core/generic.c", statement: "can't set config #%d, error %d", errno: "ENOSPC",
		origins: []whyPlace{{"drivers/usb/host/xhci.c", "xhci_configure_endpoint_result", "case COMP_BANDWIDTH_ERROR:"}},
		why:     "no bandwidth is left on the bus; reached through hcd->driver->check_bandwidth",
	},
	{
		file: "drivers/mfd/rk808.c", statement: "failed to read the chip id at 0x%x", errno: "ENXIO",
		origins: []whyPlace{{"drivers/i2c/busses/i2c-rk3x.c", "rk3x_i2c_irq", "if (!(i2c->msg->flags & I2C_M_IGNORE_NAK))"}},
		why:     "the chip does not acknowledge on the Rockchip bus: kept in i2c->error, reached through algo->master_xfer; no code in the text",
	},
	{
		file: "drivers/net/ethernet/stmicro/stmmac/stmmac_main.c", statement: "%s: MDIO bus (id: %d) registration failed", errno: "ENODEV",
		origins: []whyPlace{{"drivers/net/ethernet/stmicro/stmmac/stmmac_mdio.c", "stmmac_mdio_register", "if (!found && !mdio_node) {"}},
		why:     "no PHY answers (goto no_phy_found)",
	},
	{
		file: "drivers/regulator/core.c", statement: "failed to apply %d-%duV constraint: %pe", errno: "EINVAL",
		origins: []whyPlace{{"drivers/regulator/helpers.c", "regulator_map_voltage_linear", "if (voltage < min_uV || voltage > max_uV)"}, {"drivers/regulator/helpers.c", "regulator_map_voltage_linear_range", "if (i == rdev->desc->n_linear_ranges)"}, {"drivers/regulator/helpers.c", "regulator_map_voltage_iterate", "if (best_val != INT_MAX)"}},
		why:     "the range of the device tree has no voltage that the regulator can make",
	},
	{
		file: "drivers/iommu/arm/arm-smmu/arm-smmu.c", statement: "failed to get clocks %d", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"drivers/clk/clk.c", "of_clk_get_hw_from_clkspec", "hw = ERR_PTR(-EPROBE_DEFER)"}},
		why:     "the clock controller is not there yet",
	},
	{
		file: "drivers/net/mdio/of_mdio.c", statement: "MDIO device at address %d is missing.", errno: "ENODEV",
		origins: []whyPlace{{"drivers/net/phy/phy_device.c", "get_phy_c22_id", "if ((*phy_id & 0x1fffffff) == 0x1fffffff)"}, {"drivers/net/phy/phy_device.c", "get_phy_c22_id", "return (phy_reg == -EIO || phy_reg == -ENODEV) ? -ENODEV : -EIO;"}},
		why:     "nothing answers at the address; no code in the text",
	},
	{
		file: "drivers/soc/imx/gpcv2.c", statement: "failed to command PGC", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/soc/imx/gpcv2.c", "imx_pgc_power_up", "ret = regmap_read_poll_timeout(domain->regmap,"}},
		why:     "the power domain does not come up, as its supply or a clock is missing; no code in the text",
	},
}

// whyBlind3 were written down when the program was no longer changed.
var whyBlind3 = []whyTruth{
	{
		file: "drivers/input/keyboard/gpio_keys.c", statement: "Unable to get irq number for GPIO", errno: "ENXIO",
		origins: []whyPlace{{"drivers/gpio/gpiolib.c", "gpiod_to_irq", "return -ENXIO;"}},
		why:     "the GPIO controller (an expander without interrupt line) makes no interrupts",
	},
	{
		file: "drivers/usb/musb/musb_core.c", statement: "\"%s failed\\n\", __func__", errno: "EPROBE_DEFER",
		origins: []whyPlace{{"drivers/usb/phy/phy.c", "__of_usb_find_phy", "return ERR_PTR(-EPROBE_DEFER);"}, {"drivers/usb/musb/omap2430.c", "omap2430_musb_init", "if (IS_ERR(musb->xceiv)) {"}},
		why:     "the driver of the PHY has not registered it yet; reached through musb->ops->init",
	},
	{
		file: "drivers/mmc/core/core.c", statement: "tuning execution failed: %d", errno: "EIO",
		origins: []whyPlace{{"drivers/mmc/host/dw_mmc-rockchip.c", "dw_mci_rk3288_execute_tuning", "if (range_count == 0) {"}, {"drivers/mmc/host/meson-gx-mmc.c", "meson_mmc_resampling_tuning", "return -EIO;"}, {"drivers/mmc/host/sdhci-msm.c", "sdhci_msm_execute_tuning", "rc = -EIO;"}, {"drivers/mmc/host/dw_mmc-exynos.c", "dw_mci_exynos_execute_tuning", "ret = -EIO;"}, {"drivers/mmc/host/sdhci-omap.c", "sdhci_omap_execute_tuning", "if (!max_len) {"}},
		why:     "the card answers at no phase of the sampling clock; reached through host->ops->execute_tuning",
	},
	{
		file: "drivers/spi/spi.c", statement: "failed to transfer one message from queue", errno: "ETIMEDOUT",
		origins: []whyPlace{{"drivers/spi/spi.c", "spi_transfer_wait", "if (ms == 0) {"}},
		why:     "the interrupt of the controller or of its DMA never comes; reached through ctlr->transfer_one_message; no code in the text",
	},
	{
		file: "drivers/thermal/thermal_core.c", statement: "failed to read out thermal zone (%d)", errno: "ENODATA",
		origins: []whyPlace{{"drivers/net/wireless/intel/iwlwifi/mvm/tt.c", "iwl_mvm_tzone_get_temp", "if (!iwl_mvm_firmware_running(mvm)"}, {"drivers/net/wireless/intel/iwlwifi/mvm/tt.c", "iwl_mvm_tzone_get_temp", "ret = -ENODATA;"}},
		why:     "the firmware of the WLAN card does not run yet; reached through tz->ops->get_temp",
	},
	{
		file: "fs/xfs/xfs_mount.c", statement: "SB validate failed with error %d.", errno: "EINVAL",
		origins: []whyPlace{{"fs/xfs/libxfs/xfs_sb.c", "xfs_validate_sb_read", "Filesystem cannot be safely mounted by this kernel."}, {"fs/xfs/libxfs/xfs_sb.c", "xfs_validate_sb_read", "Filesystem can only be safely mounted read only."}},
		why:     "made by newer programs, with features this kernel does not know: kept in bp->b_error, reached through b_ops->verify_read",
	},
	{
		file: "sound/soc/codecs/sgtl5000.c", statement: "Error reading chip id %d", errno: "ENXIO",
		origins: []whyPlace{{"drivers/i2c/busses/i2c-imx.c", "i2c_imx_acked", "& I2SR_RXAK) {"}},
		why:     "the codec of an i.MX board has no MCLK or supply and does not acknowledge; reached through the regmap, then algo->master_xfer",
	},
	{
		file: "fs/overlayfs/super.c", statement: "failed to resolve '%s': %i", errno: "ENOENT",
		origins: []whyPlace{{"fs/namei.c", "step_into", "if (unlikely(!inode))"}, {"fs/namei.c", "traverse_mounts", "if (unlikely(d_flags_negative(flags)))"}},
		why:     "the directory of the option does not exist",
	},
	{
		file: "drivers/net/can/spi/mcp251x.c", statement: "Probe failed, err=%d", errno: "ENODEV",
		origins: []whyPlace{{"drivers/net/can/spi/mcp251x.c", "mcp251x_hw_probe", "if ((ctrl & 0x17) != 0x07)"}},
		why:     "the chip does not answer on SPI as one that was reset (goto error_probe)",
	},
	{
		file: "drivers/net/ethernet/realtek/r8169_main.c", statement: "cannot remap MMIO, aborting", errno: "EBUSY",
		origins: []whyPlace{{"drivers/pci/pci.c", "__pci_request_region", "return -EBUSY;"}},
		why:     "another driver or the firmware holds the BAR (goto err_out); no code in the text",
	},
}
