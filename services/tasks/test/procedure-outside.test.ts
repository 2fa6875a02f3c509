import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Procedure, type ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { newId } from "@netconductor/runtime/id";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type EngineLab, end, startEngineLab } from "./engine-lab.ts";

// Processes start, and are killed, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

let lab: EngineLab;
let server: Server;
let url: string;
let ready = false;
const received: string[] = [];
beforeAll(async () => {
	server = createServer((request, response) => {
		received.push(`${request.method} ${request.url} ${request.headers["idempotency-key"] ?? ""}`.trim());
		response.setHeader("content-type", "application/json");
		response.end(JSON.stringify({ ready, said: request.headers.authorization ?? null }));
	});
	await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	lab = await startEngineLab();
});
afterAll(async () => {
	await lab?.stop();
	server.close();
});

const reachable = { NETCONDUCTOR_OUTBOUND_ALLOW: "127.0.0.1" };

async function start(steps: (Partial<ProgramStep> & { id: string; type: string })[], more: Partial<Procedure> = {}) {
	const procedure = Procedure.parse({
		title: "test",
		mop: { id: newId(), name: "test", version: 1 },
		targets: [],
		...more,
		steps: steps.map((step) => ({
			path: step.id,
			name: null,
			with: {},
			locals: {},
			targets: null,
			when: null,
			retries: { count: 0, delay_s: 0, backoff: 1 },
			timeout_s: null,
			parallelism: 10,
			save_to_variable: null,
			on_success: "next",
			on_failure: "stop",
			blocks: [],
			...step,
		})),
	});
	const { run_id } = await lab.tasks.startProcedure({ body: { idempotency_key: newId(), procedure } });
	return run_id;
}

async function resultsOf(run_id: string) {
	const { items } = await lab.tasks.listRunSteps({ params: { id: run_id }, query: {} });
	return Object.fromEntries(items.map(({ path, result, error }) => [path, { ...result, error: error?.code }]));
}

const waits = (run_id: string, kind: string) =>
	lab.until(async () => (await lab.tasks.getRun({ params: { id: run_id } })).waiting_for?.kind === kind);

test("an API is asked, what it says steers the procedure, and a wait for it outlives the worker", async () => {
	const first = await lab.startWorker(reachable);
	const run_id = await start(
		[
			{
				id: "ask",
				type: "http_request",
				with: { url: `${url}/ask`, method: "POST", headers: { authorization: "Bearer {{ token }}" }, extract: "said" },
				save_to_variable: "answer",
			},
			{ id: "until", type: "wait_until", with: { url: `${url}/poll`, that: "ready", every_s: 1 } },
			{ id: "tell", type: "log", with: { message: "{{ answer.status }} {{ answer.extracted | length }}" } },
		],
		{ variables: { token: "s3cret-token" }, secret_variables: ["token"] },
	);
	await waits(run_id, "time");
	await end(first);
	const second = await lab.startWorker(reachable);
	ready = true;
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	const results = await resultsOf(run_id);
	expect(results.tell).toMatchObject({ message: "200 19" });
	expect(JSON.stringify(results)).not.toContain("s3cret-token");
	const journal = await lab.db.query("select * from run_steps where run_id = $1", [run_id]);
	expect(JSON.stringify(journal)).not.toContain("s3cret-token");
	expect(received.filter((line) => line.startsWith("POST"))).toHaveLength(1);
	await end(second);
});

test("what an API answers is never read as an expression nor as a template", async () => {
	const worker = await lab.startWorker(reachable);
	const said = ["1 == 2", "{{ 1 == 2 }}", "nowhere.to_be_found", "{% if"];
	const run_id = await start(
		[
			...said.flatMap((_, index) => [
				{
					id: `ask_${index}`,
					type: "api_call",
					with: { url, headers: { authorization: `{{ said[${index}] }}` }, extract: "said" },
					save_to_variable: `answer_${index}`,
				},
				{
					id: `until_${index}`,
					type: "wait_until",
					with: { condition: `{{ answer_${index}.extracted }}`, timeout_s: 1, every_s: 1 },
				},
				{ id: `tell_${index}`, type: "log", with: { message: `{{ answer_${index}.extracted }}` } },
			]),
		],
		{ variables: { said } },
	);
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	const results = await resultsOf(run_id);
	expect(said.map((_, index) => results[`tell_${index}`])).toMatchObject(said.map((message) => ({ message })));
	await end(worker);
});

test("without the operator's word nothing on this machine is reached, through no name of it", async () => {
	const worker = await lab.startWorker();
	const before = received.length;
	const { port } = new URL(url);
	const targets = [
		url,
		`http://localhost:${port}`,
		`http://[::ffff:127.0.0.1]:${port}`,
		"http://169.254.169.254/latest",
	];
	const run_id = await start([
		...targets.map((target, index) => ({
			id: `try_${index}`,
			type: "api_call",
			with: { url: target },
			on_failure: "continue" as const,
		})),
		{ id: "hook", type: "webhook", with: { url }, on_failure: "continue" },
	]);
	await lab.ended(run_id);
	const codes = Object.values(await resultsOf(run_id)).map(({ error }) => error);
	expect(codes).toEqual(Array.from({ length: 5 }, () => "outbound.refused"));
	expect(received).toHaveLength(before);
	await end(worker);
});

test("a step that asks for an approval waits through the death of its worker and goes on when it is given", async () => {
	const asked = lab.wantApprovals();
	const first = await lab.startWorker();
	const run_id = await start(
		[
			{ id: "ok", type: "manual_approval", with: { message: "Go on with {{ token }}?" }, save_to_variable: "ok" },
			{ id: "tell", type: "log", with: { message: "{{ ok.approved_by | join(',') }}" } },
		],
		{ variables: { token: "s3cret-token" }, secret_variables: ["token"] },
	);
	await waits(run_id, "approval");
	await end(first);
	const second = await lab.startWorker();
	expect(asked).toHaveLength(1);
	expect(asked[0]).toMatchObject({
		run_id,
		kind: "mop",
		reason: "Go on with <secret>?",
		demand: { stages: [{ needed: 1 }] },
	});
	await lab.decide(asked[0] as (typeof asked)[number], "approved");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded" });
	expect((await resultsOf(run_id)).tell).toMatchObject({ message: "bob" });
	expect(asked).toHaveLength(1);
	lab.wantNoApprovals();
	await end(second);
});

test("a procedure in whose middle somebody broke the glass says so for good, also one that changes nothing", async () => {
	const asked = lab.wantApprovals();
	const worker = await lab.startWorker();
	const run_id = await start([{ id: "ok", type: "manual_approval", with: { message: "Go on?" } }]);
	await waits(run_id, "approval");
	const approval = asked[0] as (typeof asked)[number];
	const progress = async () => (await lab.tasks.getRun({ params: { id: run_id } })).progress;
	expect(await progress()).toBeNull();
	const { approval_id, plan_sha256 } = approval;
	lab.tell("approval.decided.v1", {
		approval_id,
		run_id,
		status: "bypassed",
		plan_sha256,
		decided_by: ["eve"],
		reason: "The site is down",
		not_before: null,
		not_after: null,
		decided_at: new Date().toISOString(),
	});
	await lab.until(async () => (await progress())?.bypassed === true);
	await lab.decide(approval, "approved");
	expect(await lab.ended(run_id)).toMatchObject({ status: "succeeded", progress: { bypassed: true, approval_id } });
	lab.wantNoApprovals();
	await end(worker);
});
