// How fast configurations are rendered from a template, and what including, filters for addresses and finding variables cost.
import { createTemplateEngine } from "../templating/src/engine.ts";
import { findVariables } from "../templating/src/variables.ts";
import { median } from "./harness/figures.ts";
import { readOptions } from "./harness/options.ts";
import { printReport, type Table } from "./harness/report.ts";

const options = readOptions(
	`Renders the configuration of simulated devices from one template, in one hand-over to one thread: loops, conditions, filters, an imported macro
and an included template. Times are of the whole call, handing over and back included; the first also starts the thread.`,
	{
		devices: { is: 1_000, text: "devices" },
		interfaces: { is: 24, text: "interfaces of each" },
		times: { is: 10, text: "how often" },
	},
);

const templates = {
	device: `{% import 'macros' as macros %}
hostname {{ hostname }}
!
{% for vlan in vlans|sort(attribute='id') %}
vlan {{ vlan.id }}
 name {{ vlan.name|upper|replace(' ', '_')|truncate(32, true, '') }}
{% endfor %}
!
{% for interface in interfaces %}
{{ macros.interface(interface, mtu|default(1500)) }}
{% endfor %}
{% include 'bgp' %}
`,
	macros: `{% macro interface(i, mtu) -%}
interface {{ i.name }}
{% if i.description is defined and i.description %}
 description {{ i.description|trim|truncate(60, true) }}
{% endif %}
{% if i.ip is defined %}
 ip address {{ i.ip|ipaddr('address') }} {{ i.ip|ipaddr('netmask') }}
{% elif i.mode == 'access' %}
 switchport mode access
 switchport access vlan {{ i.vlan }}
{% else %}
 switchport mode trunk
 switchport trunk allowed vlan {{ i.vlans|join(',') }}
{% endif %}
 mtu {{ i.mtu|default(mtu) }}
 {{ 'no ' if i.enabled }}shutdown
!
{%- endmacro %}`,
	bgp: `router bgp {{ bgp.asn }}
{% for neighbor in bgp.neighbors if neighbor.active %}
 neighbor {{ neighbor.ip }} remote-as {{ neighbor.asn }}
{% endfor %}
`,
};

const sets = Array.from({ length: options.devices }, (_, device) => ({
	hostname: `access-${device}`,
	vlans: Array.from({ length: 10 }, (_, index) => ({ id: 100 - index, name: `vlan of floor ${index}` })),
	interfaces: Array.from({ length: options.interfaces }, (_, index) => ({
		name: `GigabitEthernet1/0/${index + 1}`,
		description: `port ${index} of device ${device}`,
		mode: index % 3 === 0 ? "trunk" : "access",
		vlan: 100 - (index % 10),
		vlans: [91, 92, 93, 94],
		enabled: index % 4 !== 0,
		...(index === 0 && { ip: `10.${device % 256}.${Math.floor(device / 256)}.1/24` }),
	})),
	bgp: {
		asn: 65_000,
		neighbors: [
			{ ip: "192.0.2.1", asn: 65_001, active: true },
			{ ip: "2001:db8::1", asn: 65_001, active: true },
			{ ip: "192.0.2.9", asn: 65_009, active: false },
		],
	},
}));

const engine = createTemplateEngine({ threads: 1 });
const times_ms: number[] = [];
const cpu_ms: number[] = [];
let characters = 0;
for (let time = 0; time < options.times; time++) {
	const started = performance.now();
	const before = process.cpuUsage();
	const outcomes = await engine.renderMany({ entry: "device", templates, sets });
	times_ms.push(performance.now() - started);
	const { user, system } = process.cpuUsage(before);
	cpu_ms.push((user + system) / 1_000);
	for (const { error } of outcomes) if (error !== undefined) throw error;
	characters = outcomes.reduce((sum, { text }) => sum + (text?.length ?? 0), 0);
}
const single_ms: number[] = [];
for (const variables of sets.slice(0, 100)) {
	const started = performance.now();
	await engine.render({ entry: "device", templates, variables });
	single_ms.push(performance.now() - started);
}
const found_ms: number[] = [];
for (let time = 0; time < 100; time++) {
	const started = performance.now();
	findVariables({ entry: "device", templates });
	found_ms.push(performance.now() - started);
}
await engine.close();

const [first_ms = Number.NaN] = times_ms;
const table: Table = {
	title: `${options.devices} devices with ${options.interfaces} interfaces, ${characters} characters`,
	columns: ["what", "first, ms", "median, ms", "slowest, ms"],
	rows: [
		["all in one call", first_ms, median(times_ms), Math.max(...times_ms)],
		["… CPU of the process", cpu_ms[0] ?? Number.NaN, median(cpu_ms), Math.max(...cpu_ms)],
		["one device alone", single_ms[0] ?? Number.NaN, median(single_ms), Math.max(...single_ms)],
		["finding the variables", found_ms[0] ?? Number.NaN, median(found_ms), Math.max(...found_ms)],
	],
};
printReport(
	{
		tables: [table],
		figures: [
			{
				name: `Render ${options.devices} devices × ${options.interfaces} interfaces: wall time, median`,
				value: median(times_ms),
				unit: "ms",
				at_most: 2_000,
			},
			{
				name: "… CPU, the dearest time (the first, which starts the thread)",
				value: Math.max(...cpu_ms),
				unit: "ms",
				at_most: 2_000,
			},
		],
	},
	options,
);
