import type { ParsedCommandParams, PingResult } from "@netconductor/contracts/devices/parsed";
import { linesOf, notWhatWasAsked, type Parser } from "./parser.ts";

/** How the summary is written: by iputils and the BSDs (with FortiOS, EOS, NX-OS, Junos, ProCurve), by Cisco, by RouterOS. */
const counts = [
	/(?<sent>\d+) packets transmitted, (?<received>\d+) (?:packets )?received/,
	/Success rate is \d+ percent \((?<received>\d+)\/(?<sent>\d+)\)/,
	/\bsent=(?<sent>\d+) received=(?<received>\d+)/,
];
const times = [
	/(?:rtt|round-trip)[^=]*min\/avg\/max(?:\/\w+)? ?= ?(?<min>[\d.]+)\/(?<avg>[\d.]+)\/(?<max>[\d.]+)/,
	/min-rtt=(?<min>\S+) avg-rtt=(?<avg>\S+) max-rtt=(?<max>\S+)/,
];

/** The system has no way to the target, so nothing was sent. */
const noWay = /^(?:ping\d?|connect): .*(?:Network is unreachable|No route to host)$/;

/** A ping's summary, whoever wrote it. One that had no way to take lost everything. */
export function readPing(output: string, { count: wanted }: Pick<ParsedCommandParams, "count">): PingResult[] {
	// RouterOS writes one after every twenty packets: the last one counts them all.
	const count = lastMatch(output, counts);
	if (!count) {
		if (!linesOf(output).some((line) => noWay.test(line.trim()))) {
			throw notWhatWasAsked("there is no summary of a ping", output);
		}
		return [{ sent: wanted, received: 0, loss_percent: 100, rtt_min_ms: null, rtt_avg_ms: null, rtt_max_ms: null }];
	}
	const sent = Number(count.sent);
	const received = Number(count.received);
	const time = received > 0 ? lastMatch(output, times) : undefined;
	return [
		{
			sent,
			received,
			// Of the counts, not of the printed percentage, which vendors round in their own ways. A duplicate is no gain.
			loss_percent: sent === 0 ? 0 : Math.max(0, Math.round(((sent - received) / sent) * 10_000) / 100),
			rtt_min_ms: milliseconds(time?.min),
			rtt_avg_ms: milliseconds(time?.avg),
			rtt_max_ms: milliseconds(time?.max),
		},
	];
}

function lastMatch(output: string, patterns: readonly RegExp[]): Record<string, string | undefined> | undefined {
	for (const line of linesOf(output).toReversed()) {
		for (const pattern of patterns) {
			const groups = pattern.exec(line)?.groups;
			if (groups) return groups;
		}
	}
	return undefined;
}

/** `1.25`, and RouterOS's `1ms250us`, `350us`, `1s2ms`. */
function milliseconds(text: string | undefined): number | null {
	if (text === undefined) return null;
	if (/^[\d.]+$/.test(text)) return Number(text);
	const scale: Record<string, number> = { s: 1_000, ms: 1, us: 0.001 };
	let sum: number | null = null;
	for (const [, count, unit] of text.matchAll(/(\d+)(ms|us|s)/g))
		sum = (sum ?? 0) + Number(count) * (scale[unit ?? ""] ?? 0);
	return sum === null ? null : Math.round(sum * 1_000) / 1_000;
}

/** A ping whose commands are made from a target that must be there. */
export function pingParser(commands: (params: ParsedCommandParams & { target: string }) => string[]): Parser<"ping"> {
	return {
		commands: (params) => commands({ ...params, target: params.target ?? "" }),
		read: readPing,
	};
}
