import { type Fleet, startFleet } from "@netconductor/lab/sim/fleet";
import { newId } from "@netconductor/runtime/id";
import { runWithTraceparent } from "@netconductor/runtime/telemetry";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EngineLab, startEngineLab } from "./engine-lab.ts";

let lab: EngineLab;
let fleet: Fleet;

beforeAll(async () => {
	lab = await startEngineLab();
	fleet = await startFleet({ devices: { count: 4, platforms: ["cisco_ios", "arista_eos"] } });
	for (const entry of fleet.devices) lab.know(entry);
	await lab.startWorker();
});
afterAll(async () => {
	await lab?.stop();
	await fleet?.stop();
});

test("a backup run reads every device, hands its config to backup, and ends once", async () => {
	const snapshot_id = crypto.randomUUID();
	const run_id = await lab.start({
		kind: "backup",
		title: "all",
		steps: [{ id: "collect", type: "collect_config", params: {} }],
		targets: fleet.devices.map(({ name }) => lab.target(name)),
		skipped: [{ ...lab.target("old-1"), reason: "disabled" }],
		subject: { type: "snapshot", id: snapshot_id },
	});
	const run = await lab.ended(run_id);
	const operations = await lab.tasks.listOperations({ params: { id: run_id }, query: {} });
	expect(operations.items.map(({ error }) => error).filter(Boolean)).toEqual([]);
	expect(run).toMatchObject({ status: "succeeded", total: 5, counts: { succeeded: 4, skipped: 1, pending: 0 } });
	expect(lab.told.backups.map(({ device_name }) => device_name).sort()).toEqual(
		fleet.devices.map(({ name }) => name).sort(),
	);
	expect(lab.told.backups.every((backup) => backup.snapshot_id === snapshot_id)).toBe(true);
	expect(lab.told.host_keys.map(({ fingerprint }) => fingerprint).sort()).toEqual(
		fleet.devices.map(({ host_key_fingerprint }) => host_key_fingerprint).sort(),
	);
	expect(await lab.events("run.started.v1", run_id)).toHaveLength(1);
	expect(await lab.events("operation.finished.v1", run_id)).toHaveLength(4);
	expect(await lab.events("run.finished.v1", run_id)).toMatchObject([
		{ run_id, status: "succeeded", counts: { succeeded: 4 } },
	]);
});

async function outputOf(run_id: string): Promise<{ seq: number; text: string; device_name: string }[]> {
	const { items, ended } = await lab.tasks.readOutput({ params: { id: run_id }, query: {} });
	expect(ended).toBe(true);
	return items;
}

test("output tells what happened without the config, numbered without gaps, and can be read on from any number", async () => {
	const [device] = fleet.devices;
	if (device === undefined) throw new Error("no device");
	const run_id = await lab.start({
		kind: "backup",
		steps: [{ id: "collect", type: "collect_config", params: {} }],
		targets: [lab.target(device.name)],
	});
	await lab.ended(run_id);
	const chunks = await outputOf(run_id);
	const text = chunks.map((chunk) => chunk.text).join("");
	expect(text).toContain(`host key ${device.host_key_fingerprint}`);
	expect(text).toMatch(/[\d,]+ bytes in \d+ ms/);
	const secrets = fleet
		.device(device.name)
		.config()
		.split("\n")
		.filter((line) => /secret|community|password/.test(line));
	expect(secrets.length).toBeGreaterThan(0);
	for (const line of secrets) expect(text).not.toContain(line.trim());
	expect(chunks.map(({ seq }) => seq)).toEqual(chunks.map((_, index) => index + 1));
	const rest = await lab.tasks.readOutput({ params: { id: run_id }, query: { after: 1, limit: 1 } });
	expect(rest.items.map(({ seq }) => seq)).toEqual(chunks.slice(1, 2).map(({ seq }) => seq));
});

test("control characters of a device reach no terminal", async () => {
	const run_id = await lab.start({ steps: [{ id: "probe", type: "probe_read", params: {} }], targets: lab.targets(1) });
	await lab.ended(run_id);
	expect((await outputOf(run_id)).map(({ text }) => text).join("")).toBe("probing probe-1\\x1b[2J\n");
});

test("a connectivity test answers phases and facts, and fails with the reason while it keeps what it learnt", async () => {
	const [good, bad] = fleet.devices;
	if (good === undefined || bad === undefined) throw new Error("no device");
	lab.know({ ...bad, password: "wrong" });
	const run_id = await lab.start({
		steps: [{ id: "test", type: "test_connection", params: {} }],
		targets: [lab.target(good.name), lab.target(bad.name)],
	});
	expect(await lab.ended(run_id)).toMatchObject({ status: "partial" });
	lab.know(bad);
	const byName = Object.fromEntries(
		(await lab.operations(run_id)).map((operation) => [operation.device_name, operation]),
	);
	expect(byName[good.name]).toMatchObject({
		status: "succeeded",
		result: { facts: { hostname: expect.any(String) }, host_key: { fingerprint: good.host_key_fingerprint } },
	});
	expect(byName[bad.name]).toMatchObject({
		status: "failed",
		error: { code: "device.auth_failed", phase: "auth" },
		result: { phases: expect.arrayContaining([expect.objectContaining({ phase: "auth", ok: false })]) },
	});
	expect(JSON.stringify(byName)).not.toContain("wrong");
});

test("a changed host key fails the operation and is reported to the inventory", async () => {
	const [device] = fleet.devices;
	if (device === undefined) throw new Error("no device");
	lab.know(device, "SHA256:aVeryDifferentKeyThanTheOneThatIsPresented0000");
	lab.told.host_keys.length = 0;
	for (const type of ["collect_config", "test_connection"]) {
		const run_id = await lab.start({ steps: [{ id: "step", type, params: {} }], targets: [lab.target(device.name)] });
		expect(await lab.ended(run_id)).toMatchObject({ status: "failed" });
		const [operation] = await lab.operations(run_id);
		expect(operation).toMatchObject({ error: { code: "device.host_key_changed", phase: "host_key" } });
	}
	expect(lab.told.host_keys.map(({ fingerprint }) => fingerprint)).toEqual([
		device.host_key_fingerprint,
		device.host_key_fingerprint,
	]);
	lab.know(device);
});

test("runs that are started at one moment each have their own devices, steps and skipped devices, and their own keys", async () => {
	const planOf = (n: number) => ({
		kind: "connectivity_test" as const,
		title: `together ${n}`,
		steps: Array.from({ length: 1 + (n % 2) }, (_, step) => ({
			id: `s${n}_${step}`,
			type: "probe_read",
			params: {},
		})),
		targets: [lab.target(fleet.devices[n % fleet.devices.length]?.name ?? "")],
		skipped: [{ ...lab.target(`old-${n}`), reason: `left out ${n}` }],
	});
	const plans = Array.from({ length: 24 }, (_, n) => planOf(n));
	const ids = await Promise.all(plans.map((plan, n) => lab.start(plan, `together ${Math.min(n, 22)}`)));
	// The last two were asked for with one key.
	expect(new Set(ids).size).toBe(23);
	expect(ids[23]).toBe(ids[22]);
	for (const [n, { title, steps, targets, skipped }] of plans.slice(0, 22).entries()) {
		const id = ids[n] ?? "";
		expect(await lab.ended(id)).toMatchObject({ title, total: 2 * steps.length });
		const { items } = await lab.tasks.listOperations({ params: { id }, query: {} });
		const told = items.map(({ device_name, step_id, status }) => `${device_name} ${step_id} ${status}`);
		expect(told.sort()).toEqual(
			[
				...steps.map((step) => `${targets[0]?.name} ${step.id} succeeded`),
				...steps.map((step) => `${skipped[0]?.name} ${step.id} skipped`),
			].sort(),
		);
	}
});

test("a run has the id that was chosen for it, and is there once, however often and at once it is asked for", async () => {
	const run_id = newId();
	const plan = { kind: "deploy" as const, title: "chosen", steps: [{ id: "a", type: "probe_read", params: {} }] };
	const body = { idempotency_key: `chosen ${run_id}`, run_id, plan: { ...plan, targets: lab.targets(3, "chosen") } };
	const answers = await Promise.all(Array.from({ length: 10 }, () => lab.tasks.startRun({ body })));
	expect(new Set(answers.map((answer) => answer.run_id))).toEqual(new Set([run_id]));
	// Under another id the key still means the same run.
	expect(await lab.tasks.startRun({ body: { ...body, run_id: newId() } })).toEqual({ run_id });
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", total: 3 });
	expect(await lab.events("run.started.v1", run_id)).toHaveLength(1);
});

test("the same key starts one run, however often and at once it is asked for", async () => {
	const plan = { steps: [{ id: "probe", type: "probe_read", params: {} }], targets: lab.targets(2) };
	const ids = await Promise.all(Array.from({ length: 10 }, () => lab.start(plan, "the same key")));
	expect(new Set(ids).size).toBe(1);
	await lab.ended(ids[0] as string);
	expect(await lab.start(plan, "the same key")).toBe(ids[0]);
});

test("a plan with an unknown step, bad parameters or two steps of one name is refused", async () => {
	const targets = lab.targets(1);
	await expect(lab.start({ targets, steps: [{ id: "a", type: "no_such", params: {} }] })).rejects.toMatchObject({
		code: "runs.unknown_step",
	});
	await expect(
		lab.start({ targets, steps: [{ id: "a", type: "probe_read", params: { hold_ms: "long" } }] }),
	).rejects.toMatchObject({ code: "runs.bad_plan", errors: [{ path: "body.plan.steps.0.params.hold_ms" }] });
	const step = { id: "a", type: "probe_read", params: {} };
	await expect(lab.start({ targets, steps: [step, step] })).rejects.toMatchObject({ code: "runs.bad_plan" });
});

test("steps go in order on each device; after a failed one the rest of that device is skipped", async () => {
	const [good, bad] = lab.targets(2);
	if (good === undefined || bad === undefined) throw new Error("no targets");
	const run_id = await lab.start({
		targets: [good, bad],
		steps: [
			{ id: "one", type: "probe_read", params: { hold_ms: 50, fails_on: [bad.name] } },
			{ id: "two", type: "probe_read", params: {} },
			{ id: "three", type: "probe_write", params: {} },
		],
	});
	expect(await lab.ended(run_id)).toMatchObject({ status: "partial", counts: { succeeded: 3, failed: 1, skipped: 2 } });
	const operations = await lab.operations(run_id);
	const mine = operations.filter(({ device_name }) => device_name === good.name);
	const order = mine.toSorted((a, b) => (a.started_at ?? "").localeCompare(b.started_at ?? ""));
	expect(order.map(({ step_id }) => step_id)).toEqual(["one", "two", "three"]);
	for (const [index, { started_at }] of order.entries()) {
		if (index > 0)
			expect(Date.parse(started_at ?? "")).toBeGreaterThanOrEqual(Date.parse(order[index - 1]?.finished_at ?? ""));
	}
	const skipped = operations.filter(({ status }) => status === "skipped");
	expect(skipped.map(({ skip_reason }) => skip_reason)).toEqual(Array(2).fill("Step one before it did not succeed"));
});

test("two runs on one device queue: never two operations at once on it", async () => {
	await lab.startWorker();
	const targets = [lab.target("shared-1")];
	const steps = [{ id: "probe", type: "probe_read", params: { hold_ms: 60 } }];
	const runs = await Promise.all(Array.from({ length: 6 }, () => lab.start({ steps, targets })));
	await Promise.all(runs.map(lab.ended));
	const rows = await lab.db.query(
		`select 1 from operations a join operations b on a.device_id = b.device_id and a.id < b.id
		where a.device_id = $1 and a.started_at < b.finished_at and b.started_at < a.finished_at`,
		[targets[0]?.device_id],
	);
	expect(rows).toEqual([]);
});

test("a cancel stops what waits at once and closes what runs within a second; asking again changes nothing", async () => {
	const [device] = fleet.devices;
	if (device === undefined) throw new Error("no device");
	await fleet.device(device.name).setFault({ kind: "hang", at: "output" });
	const run_id = await lab.start({
		kind: "backup",
		steps: [{ id: "collect", type: "collect_config", params: {} }],
		targets: [lab.target(device.name)],
	});
	await lab.until(async () => fleet.device(device.name).stats().open_connections === 1);
	await new Promise((resolve) => setTimeout(resolve, 300));
	const asked = performance.now();
	const first = await lab.tasks.cancelRun({ params: { id: run_id } });
	expect(first.cancel_requested_by).toBe("admin");
	await lab.tasks.cancelRun({ params: { id: run_id } }).catch(() => {});
	await lab.until(async () => fleet.device(device.name).stats().open_connections === 0);
	expect(performance.now() - asked).toBeLessThan(1_500);
	expect(await lab.ended(run_id)).toMatchObject({ status: "cancelled", counts: { cancelled: 1 } });
	await expect(lab.tasks.cancelRun({ params: { id: run_id } })).rejects.toMatchObject({ code: "runs.already_ended" });
	await fleet.device(device.name).setFault(null);

	const retried = await lab.tasks.retryRun({ params: { id: run_id } });
	expect(await lab.ended(retried.run_id)).toMatchObject({ status: "succeeded", retry_of: run_id, subject: null });
});

test("a retry takes the devices that failed, and refuses where nothing did", async () => {
	const targets = lab.targets(3);
	const steps = [{ id: "probe", type: "probe_read", params: { fails_on: ["probe-2"] } }];
	const run_id = await lab.start({ steps, targets });
	expect(await lab.ended(run_id)).toMatchObject({ status: "partial" });
	const { run_id: second } = await lab.tasks.retryRun({ params: { id: run_id } });
	expect(await lab.ended(second)).toMatchObject({
		status: "failed",
		total: 1,
		steps: [{ id: "probe", type: "probe_read" }],
		retry_of: run_id,
		title: "Retry: test",
	});
	const { items: repeats } = await lab.tasks.listRuns({ query: { retry_of: run_id } });
	expect(repeats.map(({ id }) => id)).toEqual([second]);
	const good = await lab.start({ steps: [{ id: "probe", type: "probe_read", params: {} }], targets });
	await lab.ended(good);
	await expect(lab.tasks.retryRun({ params: { id: good } })).rejects.toMatchObject({ code: "runs.nothing_to_retry" });
});

test("lists go page by page without leaving out or repeating a run, also by device, status and time", async () => {
	const device = lab.target("history-1");
	const steps = [{ id: "probe", type: "probe_read", params: {} }];
	const ids: string[] = [];
	for (let n = 0; n < 5; n++) ids.unshift(await lab.start({ steps, targets: [device] }));
	await Promise.all(ids.map(lab.ended));
	const seen: string[] = [];
	let cursor: string | undefined;
	do {
		const page = await lab.tasks.listRuns({
			query: { device_id: device.device_id, limit: 2, cursor, status: "succeeded" },
		});
		seen.push(...page.items.map(({ id }) => id));
		cursor = page.next_cursor ?? undefined;
	} while (cursor !== undefined);
	expect(seen).toEqual(ids);
	const { items } = await lab.tasks.listTasks({ query: { limit: 1 } });
	expect(items[0]).toMatchObject({ task_id: ids[0], progress: 100, status: "succeeded" });
	const result = await lab.tasks.getTaskResult({ params: { id: ids[0] as string }, query: {} });
	expect(result).toMatchObject({ total: 1, results: [{ device_name: "history-1", status: "succeeded" }] });
	await expect(lab.tasks.getRun({ params: { id: crypto.randomUUID() } })).rejects.toMatchObject({
		code: "runs.not_found",
	});
	expect(await lab.tasks.getWorkerStats({})).toMatchObject({ workers_online: 2, running: 0, pending: 0 });
});

test("runs are found by the beginnings of words in their title, or by the beginning of their id", async () => {
	const steps = [{ id: "probe", type: "probe_read", params: {} }];
	const titled = async (title: string, kind: "backup" | "connectivity_test") =>
		lab.start({ title, kind, steps, targets: [lab.target("sought-1")] });
	const backup = await titled("Back up Zürich-core-7 (before the 2026 change)", "backup");
	const check = await titled("Test zürich-edge-12", "connectivity_test");
	await Promise.all([backup, check].map(lab.ended));
	const found = async (query: Record<string, unknown>) =>
		(await lab.tasks.listRuns({ query })).items.map(({ id }) => id);
	expect(await found({ q: "ZÜRI" })).toEqual([check, backup]);
	expect(await found({ q: "core-7 zürich" })).toEqual([backup]);
	expect(await found({ q: "chan 2026" })).toEqual([backup]);
	expect(await found({ q: "ürich" })).toEqual([]);
	for (const hostile of ["'", "zürich' | 'x", "!zürich & (", "zürich:*A", "\\", "%", "<-> ***"]) {
		const ids = await found({ q: hostile });
		expect([[], [check, backup]], hostile).toContainEqual(ids);
	}
	expect(await found({ q: check })).toEqual([check]);
	expect(await found({ q: check.toUpperCase().slice(0, 20) })).toContain(check);
	expect(await found({ q: check.slice(0, 3) })).toEqual([]);
	expect(await found({ q: "zürich", kind: "backup" })).toEqual([backup]);
	expect(await found({ q: "zürich", kind: "backup,connectivity_test" })).toEqual([check, backup]);
	const { items, next_cursor } = await lab.tasks.listRuns({ query: { q: "zürich", limit: 1 } });
	expect(items.map(({ id }) => id)).toEqual([check]);
	expect(await found({ q: "zürich", limit: 1, cursor: next_cursor })).toEqual([backup]);
});

test("operations of different runs that end together keep the trace of their own run", async () => {
	const traces = ["0af7651916cd43dd8448eb211c80319c", "1bf7651916cd43dd8448eb211c80319d"];
	const runs = await Promise.all(
		traces.map((trace, index) =>
			runWithTraceparent(`00-${trace}-b7ad6b7169203331-01`, () =>
				lab.start({
					steps: [{ id: "probe", type: "probe_read", params: { hold_ms: 100 } }],
					targets: lab.targets(8, `traced-${index}`),
				}),
			),
		),
	);
	for (const [index, run_id] of runs.entries()) {
		await lab.ended(run_id);
		const rows = await lab.db.query<{ traceparent: string }>(
			"select traceparent from lab_events where name = 'operation.finished.v1' and payload->>'run_id' = $1",
			[run_id],
		);
		expect(rows.map(({ traceparent }) => traceparent.split("-")[1])).toEqual(Array(8).fill(traces[index]));
	}
});
