package ofmatch

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const source = `// SPDX-License-Identifier: GPL-2.0
#define ROVER_NAME "nasa,rover"
#define DEV(c, d) { .compatible = c, .data = d }
static const struct of_device_id __initconst rover_ids[] __maybe_unused = {
	/* { .compatible = "nasa,never" }, */
#if 0
	{ .compatible = "nasa,dead" },
#endif
	{ .compatible = ROVER_NAME, .data = (const void *)&rover_data, },
	{ .compatible = "nasa,rover" "2", .data = (void *)(ROVER_2) },
	{ .name = "x", .compatible = "nasa,rover3", .data = (void *) 3 },
	DEV("nasa,rover4", &rover4_data),
	{ /* sentinel */ }
};
MODULE_DEVICE_TABLE(of, rover_ids);

static struct platform_driver rover_driver = {
	.probe = rover_probe,
	.remove = rover_remove,
	.driver = {
		.name = "rover",
		.of_match_table = of_match_ptr(rover_ids),
	},
};

static const struct of_device_id orbiter_ids[] = { { .compatible = "esa,orbiter" }, { } };
static struct platform_driver orbiter_driver __refdata = {
	.driver = { .probe_type = PROBE_PREFER_ASYNCHRONOUS, .of_match_table = orbiter_ids },
};
module_platform_driver_probe(orbiter_driver, orbiter_probe);

static struct platform_driver * const drivers[] = { &a };
static struct platform_driver both[] = {
	{ .probe = first_probe, .driver = { .of_match_table = rover_ids } },
	{ .probe = second_probe, .driver = { .of_match_table = orbiter_ids } },
};

TIMER_OF_DECLARE(mars, "nasa,timer", mars_timer_init);
IRQCHIP_PLATFORM_DRIVER_BEGIN(pdc)
IRQCHIP_MATCH("nasa,pdc", pdc_init)
IRQCHIP_PLATFORM_DRIVER_END(pdc)
CPU_METHOD_OF_DECLARE(mars, "nasa,smp", &mars_smp_ops);

static int find(void)
{
	static const struct of_device_id local_ids[] = { { .compatible = "nasa,local" }, {} };
	for_each_matching_node(np, local_ids)
		;
	if (of_match_node(shared_ids, np)) return 1;
}

static const char *const mars_compat[] __initconst = { "nasa,mars", NULL };
DT_MACHINE_START(MARS, "NASA Mars (Device Tree)")
	.init_irq = mars_init_irq,
	.init_machine = mars_init,
	.dt_compat = mars_compat,
MACHINE_END
`

func describe(f *File) (out []string) {
	for _, t := range f.Tables {
		out = append(out, fmt.Sprintf("%d table %s export %d", t.Line, t.Name, t.Export))
		for _, e := range t.Entries {
			out = append(out, fmt.Sprintf("  %d %s %s", e.Line, e.Compatible, e.Data))
		}
	}
	for _, d := range f.Drivers {
		out = append(out, fmt.Sprintf("%d driver %s %s table %s:%d %s=%s:%d", d.Line, d.Type, d.Name, d.Table, d.TableLine, d.ProbeField, d.Probe, d.ProbeLine))
	}
	for _, d := range f.Declarations {
		out = append(out, fmt.Sprintf("%d %s %s %s", d.Line, d.Macro, d.Compatible, d.Init))
	}
	for _, u := range f.Uses {
		out = append(out, fmt.Sprintf("%d %s(%s)", u.Line, u.Function, u.Table))
	}
	return out
}

func TestRead(t *testing.T) {
	want := []string{
		"4 table rover_ids export 15", "  9 nasa,rover rover_data", "  10 nasa,rover2 ROVER_2", "  11 nasa,rover3 ", "  12 nasa,rover4 rover4_data",
		"26 table orbiter_ids export 0", "  26 esa,orbiter ",
		"46 table local_ids export 0", "  46 nasa,local ",
		"52 table mars_compat export 0", "  52 nasa,mars ",
		"17 driver platform_driver rover_driver table rover_ids:22 probe=rover_probe:18",
		"27 driver platform_driver orbiter_driver table orbiter_ids:28 module_platform_driver_probe=orbiter_probe:30",
		"33 driver platform_driver both table rover_ids:34 probe=first_probe:34",
		"33 driver platform_driver both table orbiter_ids:35 probe=second_probe:35",
		"53 driver machine MARS table mars_compat:56 init_machine=mars_init:55",
		"38 TIMER_OF_DECLARE nasa,timer mars_timer_init", "40 IRQCHIP_MATCH nasa,pdc pdc_init", "42 CPU_METHOD_OF_DECLARE nasa,smp mars_smp_ops",
		"47 for_each_matching_node(np)", "47 for_each_matching_node(local_ids)", "49 of_match_node(shared_ids)", "49 of_match_node(np)",
	}
	if d := cmp.Diff(want, describe(Read([]byte(source)))); d != "" {
		t.Error(d)
	}
}

func TestTruncated(_ *testing.T) {
	for n := range len(source) {
		Read([]byte(source[:n]))
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(source))
	f.Add([]byte("struct of_device_id x[] = {{({.compatible = \"a\" \"\n}; .of_match_table = f(&x) DT_MACHINE_START(.dt_compat = ("))
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := uint32(1)
		for _, b := range src {
			if b == '\n' {
				lines++
			}
		}
		file := Read(src)
		for i := range file.Tables {
			for _, e := range file.Tables[i].Entries {
				if e.Line == 0 || e.Line > lines || e.Compatible == "" {
					t.Fatalf("entry %+v of %d lines", e, lines)
				}
			}
		}
		for _, d := range file.Drivers {
			if d.Line == 0 || d.Line > lines || d.ProbeLine > lines {
				t.Fatalf("driver %+v of %d lines", d, lines)
			}
		}
	})
}
