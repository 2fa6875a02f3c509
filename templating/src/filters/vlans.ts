import { badValue } from "../fault.ts";
import { filter } from "../library.ts";
import { needInt, needText, repr, str } from "../print.ts";
import type { Filter } from "../rendering.ts";
import { isText, iterate, type Value } from "../values.ts";

/** VLAN identifiers that may be given to a network (IEEE 802.1Q: 0 and 4095 are reserved). */
const [lowest, highest] = [1, 4094];

function needVlan(value: Value): number {
	const vlan = isText(value) && /^\s*\d{1,4}\s*$/.test(str(value)) ? Number(str(value)) : needInt(value, "a VLAN");
	if (vlan < lowest || vlan > highest) throw badValue(`VLAN ${vlan} is not from ${lowest} to ${highest}`);
	return vlan;
}

/** VLANs of a list of numbers and texts as `1-4,7`, each once, in order. */
function readVlans(value: Value): number[] {
	const parts = (isText(value) ? [value] : Array.isArray(value) ? value : [value]).flatMap((one): Value[] =>
		isText(one)
			? str(one)
					.split(",")
					.filter((part) => part.trim() !== "")
			: [one],
	);
	const vlans = new Set<number>();
	for (const part of parts) {
		const [from, to, ...more] = isText(part) ? str(part).split("-") : [part];
		if (more.length > 0) throw badValue(`${repr(part)} is not a range of VLANs`);
		const first = needVlan(from as Value);
		const last = to === undefined ? first : needVlan(to);
		if (last < first) throw badValue(`the range ${repr(part)} ends before it begins`);
		for (let vlan = first; vlan <= last; vlan++) vlans.add(vlan);
	}
	return [...vlans].sort((a, b) => a - b);
}

/** Runs of VLANs that follow each other; a run shorter than `least` stays apart. */
function runs(vlans: number[], least: number): string[] {
	const found: [first: number, last: number][] = [];
	for (const vlan of vlans) {
		const last = found.at(-1);
		if (last !== undefined && last[1] === vlan - 1) last[1] = vlan;
		else found.push([vlan, vlan]);
	}
	return found.flatMap(([first, last]) => {
		if (last - first + 1 >= least && last > first) return `${first}-${last}`;
		return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
	});
}

/**
 * Lists of VLANs. `vlan_parser` is that of Ansible's collection ansible.netcommon: lines for `switchport trunk allowed vlan` and its `add`, as
 * IOS breaks them. `vlan_range` makes one text, `vlan_expand` a list of numbers of it.
 */
export const vlanFilters: Record<string, Filter> = {
	vlan_parser: filter(
		[
			["first_line_len", 48],
			["other_line_len", 44],
		],
		(value, [first, other]) => {
			const vlans = readVlans(iterate(value));
			if (vlans.length === 0) throw badValue("there are no VLANs");
			const lengths = [needInt(first as Value, "first_line_len"), needInt(other as Value, "other_line_len")] as const;
			const lines: string[] = [];
			let line = "";
			for (const part of runs(vlans, 3)) {
				if (line !== "" && line.length + part.length > lengths[lines.length === 0 ? 0 : 1]) {
					lines.push(line);
					line = "";
				}
				line += `${part},`;
			}
			return [...lines, line].map((one) => one.replace(/,$/, ""));
		},
	),
	vlan_range: filter([["separator", ","]], (value, [separator]) =>
		runs(readVlans(value), 2).join(needText(separator as Value, "the separator")),
	),
	vlan_expand: filter([], (value) => readVlans(value)),
	vlan_expander: filter([], (value) => readVlans(value)),
};
