// What signing in costs, and whether those who sign in keep others waiting.
import { setTimeout as sleep } from "node:timers/promises";
import type { Asked, LoadResult } from "./harness/load.ts";
import { startLoad } from "./harness/load-process.ts";
import { readOptions } from "./harness/options.ts";
import { type CpuTimes, startMeasuredProduct } from "./harness/product.ts";
import { printReport } from "./harness/report.ts";

const options = readOptions(
	`Asks GET /api/devices at a steady rate: alone, then while many people try to sign in, each from an address of their own (so that it is the
hashing of passwords and not the limits of an address that bounds them): half with the right password, half with a wrong one. Then as many
sign in as ever can. Each process of load is one of its own on the same machine.`,
	{
		rate: { is: 200, text: "requests a second for a page of devices" },
		"sign-ins": { is: 50, text: "tries to sign in a second" },
		users: { is: 200, text: "users who sign in, in turn" },
		devices: { is: 1_000, text: "devices in the inventory" },
		seconds: { is: 15, text: "how long, each time" },
		profile: { is: "", text: "folder for CPU profiles of the main process" },
	},
);

interface Phase {
	name: string;
	reading: LoadResult;
	signing_in?: LoadResult;
	cpu_ms: CpuTimes;
}

const password = "a password that nobody has guessed yet";
/** Documentation's (RFC 2544): nobody's. */
const addressOf = (index: number) => `198.18.${(index >> 8) & 255}.${index & 255}`;

const measured = await startMeasuredProduct({
	env: {
		NETCONDUCTOR_WORKERS_PROCESSES: "0",
		NETCONDUCTOR_HTTP_TRUSTED_PROXIES: "127.0.0.1",
		NETCONDUCTOR_HTTP_ANONYMOUS_REQUESTS_PER_MINUTE: "10000000",
	},
	profile_dir: options.profile === "" ? undefined : options.profile,
});
try {
	const { api, product, cpu } = measured;
	const rows = Array.from({ length: options.devices }, (_, i) => ({
		name: `sw-${i}`,
		host: `10.0.${i >> 8}.${i & 255}`,
		device_type: "cisco_ios",
	}));
	await api.devices.importDevices({ body: { format: "json", content: JSON.stringify(rows) } });
	for (let i = 0; i < options.users; i++) {
		await api.auth.createUser({
			body: { username: `person-${i}`, password, role: "operator", must_change_password: false },
		});
	}
	const page: Asked[] = [{ path: "/api/devices?page_size=50", token: product.admin_token }];
	const tries: Asked[] = Array.from({ length: options.users }, (_, i) => ({
		path: "/api/auth/login",
		body: { username: `person-${i}`, password: i % 2 === 0 ? password : "not that one" },
		forwarded_for: addressOf(i),
	}));

	async function phase(name: string, per_second: number | undefined): Promise<Phase> {
		const load = { origin: product.url, connections: 32, seconds: options.seconds };
		const before = cpu();
		const signing = per_second === undefined ? undefined : startLoad({ ...load, asked: tries, per_second });
		const reading = await startLoad({ ...load, asked: page, per_second: options.rate }).result;
		const signing_in = await signing?.result;
		const after = cpu();
		await sleep(2_000);
		return {
			name,
			reading,
			...(signing_in && { signing_in }),
			cpu_ms: {
				main: after.main - before.main,
				workers: 0,
				postgres: after.postgres - before.postgres,
			},
		};
	}

	await phase("warm-up", options["sign-ins"]);
	const alone = await phase("nobody signs in", undefined);
	const some = await phase(`${options["sign-ins"]} a second sign in`, options["sign-ins"]);
	const all = await phase("as many sign in as can, 32 at a time", 0);
	const phases = [alone, some, all];
	const signedIn = ({ signing_in }: Phase) => signing_in?.ok ?? 0;
	const words = (statuses: Record<string, number>) =>
		Object.entries(statuses)
			.map(([status, count]) => `${count} × ${status}`)
			.join(", ");

	printReport(
		{
			tables: [
				{
					title: `GET /api/devices?page_size=50 at ${options.rate} a second, ${options.devices} devices; latency in ms from when the request was due`,
					columns: ["", "200s", "others", "p50", "p99", "longest", "CPU main, cores", "CPU PostgreSQL, cores"],
					rows: phases.map(({ name, reading, cpu_ms }) => [
						name,
						String(reading.ok),
						String(reading.failed),
						reading.p50_ms,
						reading.p99_ms,
						reading.max_ms,
						cpu_ms.main / reading.seconds / 1_000,
						cpu_ms.postgres / reading.seconds / 1_000,
					]),
				},
				{
					title: "Signing in",
					columns: ["", "answers", "signed in a second", "tried a second", "p50", "p99"],
					rows: phases.flatMap(({ name, signing_in }) =>
						signing_in
							? [
									[
										name,
										words(signing_in.statuses),
										signing_in.ok / signing_in.seconds,
										(signing_in.ok + signing_in.failed) / signing_in.seconds,
										signing_in.p50_ms,
										signing_in.p99_ms,
									],
								]
							: [],
					),
				},
			],
			figures: [
				{ name: "p99 of a page, nobody signs in", value: alone.reading.p99_ms, unit: "ms" },
				{
					name: `p99 of a page, ${options["sign-ins"]} a second try to sign in`,
					value: some.reading.p99_ms,
					unit: "ms",
					at_most: 30,
				},
				{ name: "p99 of a page, as many sign in as can", value: all.reading.p99_ms, unit: "ms" },
				{
					name: "CPU of one that signs in, tries of others with it",
					value: (some.cpu_ms.main - alone.cpu_ms.main) / Math.max(1, signedIn(some)),
					unit: "ms",
				},
			],
		},
		options,
	);
} finally {
	await measured.stop();
}
