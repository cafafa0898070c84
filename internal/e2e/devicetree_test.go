package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestConfigSymbol asks for a symbol of the configuration, whose facts were
// read off the tree by hand.
func TestConfigSymbol(t *testing.T) {
	k := testKernel(t)
	a := k.ask(t, "def", "CONFIG_EXT4_FS")
	if len(a.Results) != 1 || a.Results[0].Path != "fs/ext4/Kconfig" || a.Results[0].Kind != "config" || a.Results[0].Text != "config EXT4_FS" {
		t.Errorf("def CONFIG_EXT4_FS: %+v", a.Results)
	}
	want := map[string]bool{
		"fs/Kconfig condition": false, "fs/Makefile condition": false, "fs/ext4/Kconfig definition": false, "fs/ext4/Kconfig write": false,
		"fs/ext4/Kconfig condition": false, "fs/ext4/Makefile condition": false, "arch/arm/configs/multi_v7_defconfig write": false,
	}
	for _, r := range k.ask(t, "refs", "CONFIG_EXT4_FS").Results {
		want[r.Path+" "+r.Role] = true
	}
	for w, found := range want {
		if !found {
			t.Errorf("refs CONFIG_EXT4_FS: no %s", w)
		}
	}
	out, code := k.run(t, nil, "kconfig", "EXT4_FS")
	for _, line := range []string{
		`fs/ext4/Kconfig:\d+: config +CONFIG_EXT4_FS  tristate  in File systems`,
		`fs/ext4/Kconfig:\d+: prompt +"The Extended 4 \(ext4\) filesystem"`,
		`fs/ext4/Kconfig:\d+: select +FS_ENCRYPTION_ALGS if FS_ENCRYPTION`,
		`fs/Kconfig:\d+: if +BLOCK`,
		`fs/ext4/Kconfig:\d+: selected by  EXT3_FS`,
		`fs/Makefile:\d+: builds +obj-\$\(CONFIG_EXT4_FS\) \+= ext4/`,
		`fs/ext4/Makefile:\d+: builds +ext4-y \+= balloc.o bitmap.o`,
		`arch/arm/configs/\w+_defconfig:\d+: set +y`,
	} {
		if !regexp.MustCompile("(?m)^" + line).MatchString(out) {
			t.Errorf("kconfig EXT4_FS (exit code %d): no line like %s in\n%s", code, line, out)
		}
	}
}

type driver struct {
	Compatible string
	Entry      place
	Table      string
	Macro      string
	Type       string
	Probe      string
	ProbeAt    place `json:"probe_at"`
	Uses       []struct{ Called string }
	Builds     []struct {
		Symbols   []string
		Directory bool
	}
	Config []configSymbol
}

type configSymbol struct {
	Name        string
	Definitions []place
}

// symbols are those of the makefile lines that name the object.
func (d *driver) symbols() []string {
	var list []string
	for _, b := range d.Builds {
		if !b.Directory {
			list = append(list, b.Symbols...)
		}
	}
	return list
}

type device struct {
	Compatible string
	Drivers    []driver
	Named      []place
	Bindings   []place
	Boards     []string
}

type deviceTree struct {
	Name    string
	Answer  string
	Devices []device
	Board   struct {
		Devices []struct {
			Node     string
			Status   string
			StatusAt place `json:"status_at"`
			Disabled bool
			Drivers  []driver
		}
	}
}

// devices asks about many compatible strings in one run.
func (k *kernel) devices(t *testing.T, names []string) map[string]*device {
	t.Helper()
	out, _ := k.run(t, []byte(strings.Join(names, "\n")+"\n"), "dt", "--json", "-")
	found := make(map[string]*device, len(names))
	for line := range strings.Lines(out) {
		var a deviceTree
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if a.Answer == "compatible" && len(a.Devices) == 1 {
			found[a.Name] = &a.Devices[0]
		}
	}
	return found
}

// TestCompatibleTruth compares with drivers that were looked up by hand: the
// function, its file, and the symbol that builds it.
func TestCompatibleTruth(t *testing.T) {
	k := testKernel(t)
	truth := []struct{ compatible, path, probe, symbol string }{
		{"fsl,imx7d-gpio", "drivers/gpio/gpio-mxc.c", "mxc_gpio_probe", "CONFIG_GPIO_MXC"},
		{"fsl,imx7d-ccm", "drivers/clk/imx/clk-imx7d.c", "imx7d_clocks_init", "CONFIG_CLK_IMX7D"},
		{"fsl,imx7d-gpc", "drivers/soc/imx/gpcv2.c", "imx_gpcv2_probe", "CONFIG_IMX_GPCV2_PM_DOMAINS"},
		{"fsl,imx7d-gpc", "drivers/irqchip/irq-imx-gpcv2.c", "imx_gpcv2_irqchip_init", "CONFIG_IMX_GPCV2"},
		{"fsl,imx21-wdt", "drivers/watchdog/imx2_wdt.c", "imx2_wdt_probe", "CONFIG_IMX2_WDT"},
		{"fsl,imx6q-uart", "drivers/tty/serial/imx.c", "imx_uart_probe", "CONFIG_SERIAL_IMX"},
		{"fsl,imx6q-pcie", "drivers/pci/controller/dwc/pci-imx6.c", "imx6_pcie_probe", "CONFIG_PCI_IMX6"},
		{"arm,cortex-a7-gic", "drivers/irqchip/irq-gic.c", "gic_of_init", "CONFIG_ARM_GIC"},
		{"arm,armv7-timer", "drivers/clocksource/arm_arch_timer.c", "arch_timer_of_init", "CONFIG_ARM_ARCH_TIMER"},
		{"ti,tsc2046", "drivers/input/touchscreen/ads7846.c", "ads7846_probe", "CONFIG_TOUCHSCREEN_ADS7846"},
		{"snps,dw-apb-uart", "drivers/tty/serial/8250/8250_dw.c", "dw8250_probe", "CONFIG_SERIAL_8250_DW"},
		{"snps,dw-apb-uart", "drivers/tty/serial/8250/8250_early.c", "early_serial8250_setup", "CONFIG_SERIAL_8250_CONSOLE"},
		{"brcm,bcm2835-aux-uart", "drivers/tty/serial/8250/8250_bcm2835aux.c", "bcm2835aux_serial_probe", "CONFIG_SERIAL_8250_BCM2835AUX"},
		{"qcom,pdc", "drivers/irqchip/qcom-pdc.c", "qcom_pdc_init", "CONFIG_QCOM_PDC"},
		{"rockchip,rk3399-cru", "drivers/clk/rockchip/clk-rk3399.c", "clk_rk3399_probe", "CONFIG_CLK_RK3399"},
		{"simple-framebuffer", "drivers/gpu/drm/tiny/simpledrm.c", "simpledrm_probe", "CONFIG_DRM_SIMPLEDRM"},
		{"simple-framebuffer", "drivers/video/fbdev/simplefb.c", "simplefb_probe", "CONFIG_FB_SIMPLE"},
		{"gpio-keys", "drivers/input/keyboard/gpio_keys.c", "gpio_keys_probe", "CONFIG_KEYBOARD_GPIO"},
		{"st,lsm6ds3", "drivers/iio/imu/st_lsm6dsx/st_lsm6dsx_i2c.c", "st_lsm6dsx_i2c_probe", "CONFIG_IIO_ST_LSM6DSX_I2C"},
		{"st,lsm6ds3", "drivers/iio/imu/st_lsm6dsx/st_lsm6dsx_spi.c", "st_lsm6dsx_spi_probe", "CONFIG_IIO_ST_LSM6DSX_SPI"},
		{"nvidia,tegra210-pmc", "drivers/soc/tegra/pmc.c", "tegra_pmc_probe", "CONFIG_SOC_TEGRA_PMC"},
		{"allwinner,sun8i-h3-ccu", "drivers/clk/sunxi-ng/ccu-sun8i-h3.c", "sun8i_h3_ccu_probe", "CONFIG_SUN8I_H3_CCU"},
		{"marvell,armada-380-smp", "arch/arm/mach-mvebu/platsmp-a9.c", "armada_38x_smp_ops", "CONFIG_SMP"},
		{"shared-dma-pool", "kernel/dma/coherent.c", "rmem_dma_setup", "CONFIG_DMA_DECLARE_COHERENT"},
		{"arm,psci-1.0", "drivers/firmware/psci/psci.c", "psci_1_0_init", "CONFIG_ARM_PSCI_FW"},
		{"samsung,exynos4210-combiner", "drivers/irqchip/exynos-combiner.c", "combiner_of_init", "CONFIG_EXYNOS_IRQ_COMBINER"},
	}
	var names []string
	for _, w := range truth {
		names = append(names, w.compatible)
	}
	found := k.devices(t, names)
	for _, w := range truth {
		d := found[w.compatible]
		if d == nil {
			t.Errorf("%s: nothing found", w.compatible)
			continue
		}
		if !slices.ContainsFunc(d.Drivers, func(k driver) bool {
			return k.Entry.Path == w.path && k.Probe == w.probe && k.ProbeAt.Path == w.path && slices.Contains(k.symbols(), w.symbol)
		}) {
			t.Errorf("%s: no %s in %s built by %s: %+v", w.compatible, w.probe, w.path, w.symbol, d.Drivers)
		}
	}
}

// TestBoard asks for the devices of a board.
func TestBoard(t *testing.T) {
	k := testKernel(t)
	out, _ := k.run(t, nil, "dt", "--json", "imx7d-sdb")
	var a deviceTree
	if err := json.Unmarshal([]byte(out), &a); err != nil {
		t.Fatal(err)
	}
	const aips3 = "/soc/bus@30800000"
	want := map[string]struct {
		disabled bool
		status   string // where it was set
		probe    string
	}{
		"/soc/bus@30000000/gpio@30200000":                   {false, "", "mxc_gpio_probe"},
		"/soc/bus@30000000/watchdog@30290000":               {true, "arch/arm/boot/dts/imx7s.dtsi", "imx2_wdt_probe"},
		aips3 + "/spba-bus@30800000/serial@30860000":        {false, "arch/arm/boot/dts/imx7d-sdb.dts", "imx_uart_probe"},
		aips3 + "/spba-bus@30800000/serial@30890000":        {true, "arch/arm/boot/dts/imx7s.dtsi", "imx_uart_probe"},
		"/soc/bus@30400000/lcdif@30730000":                  {false, "arch/arm/boot/dts/imx7d-sdb.dts", "mxsfb_probe"},
		"/soc/bus@30000000/gpc@303a0000":                    {false, "", "imx_gpcv2_irqchip_init"},
		aips3 + "/spba-bus@30800000/spi@30840000/tsc2046@0": {false, "", "ads7846_probe"},
		"/cpus/cpu@0": {false, "", ""},
	}
	for _, d := range a.Board.Devices {
		w, ok := want[d.Node]
		if !ok {
			continue
		}
		delete(want, d.Node)
		probe := ""
		if len(d.Drivers) > 0 {
			probe = d.Drivers[0].Probe
		}
		if d.Disabled != w.disabled || d.StatusAt.Path != w.status || probe != w.probe {
			t.Errorf("%s: disabled %t by %s, probe %q; want %+v", d.Node, d.Disabled, d.StatusAt.Path, probe, w)
		}
	}
	for node := range want {
		t.Errorf("no device %s", node)
	}
}

// TestDeviceTreeTimings prints how long answers take from process start; the bar
// is 20 ms but for boards.
func TestDeviceTreeTimings(t *testing.T) {
	k := testKernel(t)
	for _, run := range [][]string{
		{"def", "CONFIG_EXT4_FS"},
		{"refs", "CONFIG_EXT4_FS"},
		{"kconfig", "CONFIG_EXT4_FS"},
		{"dt", "fsl,imx7d-gpc"},
		{"dt", "CONFIG_GPIO_MXC"},
		{"dt", "imx7d-sdb"},
	} {
		fmt.Printf("dekho %s: %v\n", strings.Join(run, " "), k.median(t, 7, run...).Round(100*time.Microsecond))
	}
}

// compatibleProperty is a compatible property without its comments, whose
// strings the second expression takes.
var (
	compatibleProperty = regexp.MustCompile(`(?:^|[\s{;])compatible\s*=\s*((?:"[^"]*"|[\s,])+);`)
	quoted             = regexp.MustCompile(`"([^"\n]*)"`)
	comment            = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	// tableLine is a line of C that, by the looks of it, ties a compatible
	// string to code.
	tableLine = regexp.MustCompile(`\.compatible\s*=\s*"|^\w*(?:DECLARE|MATCH)\w*\(.*"`)
	cComment  = regexp.MustCompile(`(?s)"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|/\*.*?\*/|//[^\n]*`)
)

// TestCompatibleAccuracy holds dt against a plain search: every compatible
// string of the boards of two architectures that a line of C enters into a table
// must be found, and nearly all lead to a function, an object and a symbol.
func TestCompatibleAccuracy(t *testing.T) {
	if testing.Short() {
		t.Skip("reads all of the tree's C files")
	}
	k := testKernel(t)
	used := make(map[string]bool)
	for _, arch := range []string{"arm", "arm64"} {
		eachFile(t, filepath.Join(k.tree, "arch", arch, "boot/dts"), func(_ string, text []byte) {
			for _, m := range compatibleProperty.FindAllSubmatch(comment.ReplaceAll(text, nil), -1) {
				for _, s := range quoted.FindAllSubmatch(m[1], -1) {
					used[string(s[1])] = true
				}
			}
		}, ".dts", ".dtsi", ".dtso")
	}
	delete(used, "")
	var names []string
	for s := range used {
		names = append(names, s)
	}
	slices.Sort(names)
	entered := make(map[string][]place)
	for _, dir := range []string{"arch", "drivers", "sound", "kernel", "mm", "net", "fs", "lib", "block", "security", "init", "crypto"} {
		eachFile(t, filepath.Join(k.tree, dir), func(path string, text []byte) {
			if !bytes.Contains(text, []byte(".compatible")) && !bytes.Contains(text, []byte("DECLARE")) && !bytes.Contains(text, []byte("MATCH")) {
				return
			}
			rel, err := filepath.Rel(k.tree, path)
			if err != nil {
				t.Fatal(err)
			}
			text = cComment.ReplaceAllFunc(text, func(b []byte) []byte {
				if b[0] == '/' {
					return bytes.Repeat([]byte{'\n'}, bytes.Count(b, []byte{'\n'}))
				}
				return b
			})
			n := 0
			for line := range bytes.Lines(text) {
				n++
				if !tableLine.Match(line) {
					continue
				}
				for _, s := range quoted.FindAllSubmatch(line, -1) {
					if name := string(s[1]); used[name] {
						entered[name] = append(entered[name], place{filepath.ToSlash(rel), n})
					}
				}
			}
		}, ".c")
	}
	found := k.devices(t, names)
	var lines, tables, named, entry, function, probe, object, symbol, binding int
	for _, name := range names {
		d := found[name]
		if d == nil {
			t.Errorf("%s is no compatible string", name)
			continue
		}
		for _, p := range entered[name] {
			lines++
			switch {
			case slices.ContainsFunc(d.Drivers, func(k driver) bool { return k.Entry == p }):
				tables++
			case slices.Contains(d.Named, p):
				named++ // a table of something else: batteries, sound cards
			default:
				t.Errorf("%s: %s:%d is not found", name, p.Path, p.Line)
			}
		}
		if len(d.Bindings) > 0 {
			binding++
		}
		if len(d.Drivers) == 0 {
			continue
		}
		entry++
		has := func(fn func(*driver) bool) int {
			if slices.ContainsFunc(d.Drivers, func(k driver) bool { return fn(&k) }) {
				return 1
			}
			return 0
		}
		probe += has(func(k *driver) bool { return k.Probe != "" && k.ProbeAt.Line > 0 })
		function += has(func(k *driver) bool { return k.Probe != "" || k.Type == "machine" || len(k.Uses) > 0 })
		object += has(func(k *driver) bool { return len(k.Builds) > 0 })
		symbol += has(func(k *driver) bool {
			return slices.ContainsFunc(k.Config, func(s configSymbol) bool { return len(s.Definitions) > 0 })
		})
	}
	percent := func(n, of int) string { return fmt.Sprintf("%d (%.2f %%)", n, 100*float64(n)/float64(max(1, of))) }
	fmt.Printf("compatible strings of arm and arm64: %d; with a binding %s; with an entry in C %d\n", len(names), percent(binding, len(names)), entry)
	fmt.Printf("  of these: probe or init function %s, any function or machine %s, object %s, Kconfig symbol %s\n",
		percent(probe, entry), percent(function, entry), percent(object, entry), percent(symbol, entry))
	fmt.Printf("  lines of C that enter one, by a plain search: %d; found as entries %s, as other tables %d\n", lines, percent(tables, lines), named)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"probe or init function", float64(probe) / float64(entry), 0.93},
		{"any function or machine", float64(function) / float64(entry), 0.99},
		{"object", float64(object) / float64(entry), 0.995},
		{"Kconfig symbol", float64(symbol) / float64(entry), 0.995},
		{"entries", float64(tables) / float64(lines), 0.995},
	} {
		if c.got < c.want {
			t.Errorf("%s: %.4f, want %.4f", c.what, c.got, c.want)
		}
	}
}

// eachFile calls fn for the files below a directory with one of some endings.
func eachFile(t *testing.T, dir string, fn func(path string, text []byte), endings ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !slices.Contains(endings, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		fn(path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
