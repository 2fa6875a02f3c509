import type { DeviceCheck } from "@netconductor/contracts/devices/checks";

export type CheckKind = DeviceCheck["kind"];

export const checkKinds: Readonly<Record<CheckKind, { label: string; asks: string }>> = {
	bgp: { label: "BGP neighbours are established", asks: "Neighbours" },
	ospf: { label: "OSPF neighbours are full", asks: "Neighbours" },
	interfaces: { label: "Interfaces are up", asks: "Interfaces" },
	routes: { label: "Routes stand", asks: "Prefixes" },
	ping: { label: "A target answers pings", asks: "Target" },
};

/** A check of a kind with nothing filled in yet. */
export function newCheck(kind: CheckKind, within_s: number): DeviceCheck {
	switch (kind) {
		case "bgp":
			return { kind, neighbors: [], min_prefixes: 0, afi: "ipv4", within_s };
		case "ospf":
			return { kind, neighbors: [], within_s };
		case "interfaces":
			return { kind, names: [], within_s };
		case "routes":
			return { kind, prefixes: [], afi: "ipv4", within_s };
		case "ping":
			return { kind, target: "", count: 5, most_loss_percent: 0, within_s };
	}
}

/** What has to be there: neighbours, interfaces, prefixes; undefined for a ping, which has one target. */
export function wantedOf(check: DeviceCheck): { field: string; values: string[] } | undefined {
	switch (check.kind) {
		case "bgp":
		case "ospf":
			return { field: "neighbors", values: check.neighbors };
		case "interfaces":
			return { field: "names", values: check.names };
		case "routes":
			return { field: "prefixes", values: check.prefixes };
		case "ping":
			return undefined;
	}
}

/** The check with other neighbours, interfaces or prefixes; all else that it says stays. */
export function withWanted(check: DeviceCheck, values: string[]): DeviceCheck {
	switch (check.kind) {
		case "bgp":
		case "ospf":
			return { ...check, neighbors: values };
		case "interfaces":
			return { ...check, names: values };
		case "routes":
			return { ...check, prefixes: values };
		case "ping":
			return check;
	}
}

/** A check in a line: "BGP neighbours are established: 10.0.0.9, within 60 s". */
export function checkWords(check: DeviceCheck): string {
	const what = wantedOf(check)?.values.join(", ") ?? (check.kind === "ping" ? check.target : "");
	const details = [
		check.kind === "bgp" && check.min_prefixes > 0 && `at least ${check.min_prefixes} prefixes each`,
		check.kind === "routes" && check.protocol !== undefined && `learnt by ${check.protocol}`,
		check.kind === "ping" && check.most_loss_percent > 0 && `at most ${check.most_loss_percent} % lost`,
		"afi" in check && check.afi === "ipv6" && "IPv6",
		"vrf" in check && check.vrf !== undefined && `in VRF ${check.vrf}`,
		check.within_s === 0 ? "at once" : `within ${check.within_s} s`,
	].filter((part) => part !== false);
	return `${checkKinds[check.kind].label}: ${what}, ${details.join(", ")}`;
}
