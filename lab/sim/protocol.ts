import type { DeviceStats, SimConnection } from "./device.ts";
import type { Fault } from "./fault.ts";

/** What a fleet in a process of its own is asked, one JSON object per line; each gets one answer with the same `id`. */
export type FleetCommand =
	| { op: "apply"; device: string; lines: string[] }
	| { op: "set_config"; device: string; text: string }
	| { op: "config"; device: string }
	| { op: "fault"; device: string; fault: Fault | Fault[] | null }
	| { op: "latency"; device: string; latency_ms: number }
	| { op: "drop_connections"; device: string }
	| { op: "change_host_key"; device: string }
	| { op: "authorize"; device: string; public_key: string }
	| { op: "stats"; device: string }
	| { op: "total_stats" }
	| { op: "connections" }
	| { op: "forget_connections" }
	| { op: "stop" };

export type FleetTotals = Omit<DeviceStats, "lines"> & { devices: number; rss_bytes: number; cpu_ms: number };

export type FleetAnswer = { id: number | string | null } & (
	| {
			ok: true;
			config?: string;
			stats?: DeviceStats;
			totals?: FleetTotals;
			connections?: SimConnection[];
			host_key_fingerprint?: string;
	  }
	| { ok: false; error: string }
);
