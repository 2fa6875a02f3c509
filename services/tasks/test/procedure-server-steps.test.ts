import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { configApi } from "@netconductor/contracts/config/api";
import { tasksApi } from "@netconductor/contracts/tasks/api";
import type { Run } from "@netconductor/contracts/tasks/model";
import { failed } from "@netconductor/runtime/errors";
import { createOutbound } from "@netconductor/runtime/http/outbound";
import { newId } from "@netconductor/runtime/id";
import { actorWith, peer, startTestHost } from "@netconductor/runtime/testing/service";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { checkSteps } from "../src/procedures/describe.ts";
import { hideSecrets } from "../src/procedures/hide-secrets.ts";
import { loadStepTypes } from "../src/procedures/registry.ts";
import { endOfStep, runServerStep, type Surroundings, waitOfStep } from "./server-steps.ts";

interface Received {
	method: string;
	url: string;
	headers: IncomingHttpHeaders;
	body: string;
}

let server: Server;
let url: string;
let received: Received[] = [];
/** What the server answers next. */
let answer: { status: number; type?: string; body?: string };

beforeAll(async () => {
	server = createServer((request, response) => {
		let body = "";
		request.setEncoding("utf8");
		request.on("data", (text: string) => {
			body += text;
		});
		request.on("end", () => {
			received.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body });
			response.writeHead(answer.status, { "content-type": answer.type ?? "application/json" });
			response.end(answer.body);
		});
	});
	await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
	url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
	received = [];
	answer = { status: 200, body: "{}" };
});

const last = () => received.at(-1) as Received;
const codeOf = (work: Promise<unknown>) => work.then(String, (error: { code?: string }) => error.code ?? String(error));

describe("api_call", () => {
	test("sends what it is given, and takes what it is told from the answer", async () => {
		answer = { status: 201, body: '{"results":[{"id":7,"name":"core"}],"count":1}' };
		const { result, error } = await endOfStep("api_call", {
			url: `${url}/api/sites/?brief=1`,
			method: "POST",
			headers: { Authorization: "Token s3cret", "X-Number": 5 },
			query: { slug: ["a b", "c"], limit: 10 },
			json: { name: "core" },
			extract: { id: "results[0].id", none: "results[5].id" },
		});
		expect(error).toBeUndefined();
		expect(result).toMatchObject({
			status: 201,
			body: { results: [{ id: 7, name: "core" }], count: 1 },
			extracted: { id: 7, none: null },
			cut: false,
		});
		expect(last()).toMatchObject({
			method: "POST",
			url: "/api/sites/?brief=1&slug=a+b&slug=c&limit=10",
			body: '{"name":"core"}',
			headers: { authorization: "Token s3cret", "x-number": "5", "content-type": "application/json" },
		});
	});

	test("marks a write so that the other side can tell a repetition, and a read not", async () => {
		const key = `${newId()}/step:1`;
		const keyOf = async (given: object, step = key) => {
			await endOfStep("api_call", { url, ...given }, { key: step });
			return last().headers["idempotency-key"];
		};
		const first = await keyOf({ method: "DELETE" });
		expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
		expect(await keyOf({ method: "DELETE" })).toBe(first);
		expect(await keyOf({ method: "DELETE" }, `${newId()}/step:1`)).not.toBe(first);
		expect(await keyOf({ method: "PUT", headers: { "Idempotency-Key": "mine" } })).toBe("mine");
		expect(await keyOf({ method: "GET" })).toBeUndefined();
	});

	test("an answer with another status is an error that keeps the answer and tells nothing of the address but its origin", async () => {
		answer = { status: 422, body: '{"error":"no such site"}' };
		const { result, error } = await endOfStep("api_call", { url: `${url}/x?token=s3cret` });
		expect(error?.code).toBe("outbound.unexpected_answer");
		expect(error?.message).toContain(
			`${url} answered with status 422 in place of 200 to 299: {"error":"no such site"}`,
		);
		expect(error?.message).not.toContain("s3cret");
		expect(result).toMatchObject({ status: 422, body: { error: "no such site" } });
		expect((await endOfStep("api_call", { url, expect_status: 422 })).error).toBeUndefined();
		expect((await endOfStep("api_call", { url, expect_status: [200, 404] })).error?.message).toContain("200 or 404");
	});

	test("reads JSON where the answer says so, text otherwise, and as it is told", async () => {
		const body = async (given: object) => (await endOfStep("api_call", { url, ...given })).result.body;
		answer = { status: 200, type: "application/problem+json; charset=utf-8", body: "[1]" };
		expect(await body({})).toEqual([1]);
		expect(await body({ parse: "text" })).toBe("[1]");
		expect(await body({ parse: "none" })).toBeNull();
		answer = { status: 200, type: "text/plain", body: "[1]" };
		expect(await body({})).toBe("[1]");
		expect(await body({ parse: "json" })).toEqual([1]);
		answer = { status: 200, type: "text/html", body: "<html>" };
		const { error } = await endOfStep("api_call", { url, extract: "id" });
		expect(error?.code).toBe("outbound.unexpected_answer");
		answer = { status: 200, type: "application/json", body: "" };
		expect(await body({})).toBeNull();
	});

	test("keeps no more of an answer than a result holds, and still finds something in the whole", async () => {
		answer = { status: 200, body: JSON.stringify({ big: "x".repeat(500_000), last: 5 }) };
		const { result } = await endOfStep("api_call", { url, extract: "last" });
		expect(result).toMatchObject({ body: null, extracted: 5, cut: true });
		answer = { status: 200, type: "text/plain", body: "y".repeat(500_000) };
		const text = (await endOfStep("api_call", { url })).result;
		expect(JSON.stringify(text).length).toBeLessThan(200_000);
		expect(text.cut).toBe(true);
	});

	test("reaches nothing that may not be reached", async () => {
		const outbound = createOutbound({ allow: [], deny: [] });
		expect(await codeOf(runServerStep("api_call", { url }, { outbound }))).toBe("outbound.refused");
		expect(received).toEqual([]);
	});

	test("parameters that contradict each other are refused before anything is sent", async () => {
		const types = await loadStepTypes();
		const faults = (given: Record<string, unknown>) =>
			checkSteps(types, [{ type: "http_request", with: { url, ...given } }]).faults.map(({ path }) => path.join("."));
		expect(faults({ method: "POST", json: 1, body: "x" })).toEqual(["body"]);
		expect(faults({ json: 1 })).toEqual(["json"]);
		expect(faults({ extract: "a", parse: "text" })).toEqual(["extract"]);
		expect(faults({ extract: "a[" })).toEqual(["extract"]);
		expect(faults({ extract: "{{ what }}" })).toEqual([]);
		expect(faults({ url: "ftp://x/" })).toEqual(["url"]);
		expect(faults({ url: "{{ base }}/x" })).toEqual([]);
	});
});

describe("webhook", () => {
	test("is signed over time and body, so that neither can be exchanged", async () => {
		const now = () => new Date("2026-03-01T02:00:00.500Z");
		await endOfStep("webhook", { url, payload: { a: "é" }, secret: "s3cret" }, { now });
		const signature = createHmac("sha256", "s3cret").update(`1772330400.${last().body}`).digest("hex");
		expect(last().headers["x-netconductor-signature"]).toBe(`t=1772330400,v1=${signature}`);
		expect(JSON.parse(last().body)).toEqual({ a: "é" });
		await endOfStep("webhook", { url, payload: null });
		expect(last().headers).not.toHaveProperty("x-netconductor-signature");
		expect(last().body).toBe("null");
	});

	test("tells of the run where it is told nothing else", async () => {
		const devices = [{ device_id: newId(), name: "core-1", groups: [] }];
		const { result } = await endOfStep("webhook", { url, headers: { "X-Own": "1" } }, { devices });
		expect(JSON.parse(last().body)).toMatchObject({
			run: { title: "A procedure", started_by: "somebody" },
			step: { path: "step" },
			devices: ["core-1"],
		});
		expect(last().headers).toMatchObject({ "x-own": "1", "idempotency-key": expect.any(String) });
		expect(result).toMatchObject({ status: 200 });
	});

	test("that is not taken has failed", async () => {
		answer = { status: 500, body: "no" };
		expect((await endOfStep("webhook", { url })).error?.code).toBe("outbound.unexpected_answer");
	});
});

describe("notify", () => {
	const hostile = "<!channel> @all [here](https://evil.example)\n*x* & y";
	const said = async (kind: string, given: object = {}) => {
		await endOfStep("notify", { kind, url: `${url}/hook/topic`, message: hostile, title: "Up", ...given });
		return JSON.parse(last().body);
	};

	test("speaks to each chat as that chat wants it", async () => {
		expect(await said("slack")).toEqual({
			text: "*Up*\n&lt;!channel&gt; @all [here](https://evil.example)\n*x* &amp; y",
			link_names: false,
		});
		expect(await said("discord", { level: "error" })).toMatchObject({
			embeds: [{ title: "Up", description: hostile.replace("[", "\\["), color: 0xdc2626 }],
			allowed_mentions: { parse: [] },
		});
		expect((await said("mattermost")).text).toBe(
			"#### Up\n<!channel> @\u200Ball \\[here](https://evil.example)\n*x* & y",
		);
		const card = (await said("teams", { level: "warning" })).attachments[0];
		expect(card.contentType).toBe("application/vnd.microsoft.card.adaptive");
		expect(card.content.body).toMatchObject([
			{ type: "TextBlock", text: "Up", color: "Warning" },
			{ type: "TextBlock", text: expect.stringContaining("\\[here]"), wrap: true },
		]);
		expect(await said("ntfy", { level: "error", token: "s3cret" })).toEqual({
			topic: "topic",
			title: "Up",
			message: hostile,
			priority: 5,
		});
		expect(last()).toMatchObject({ url: "/hook", headers: { authorization: "Bearer s3cret" } });
		expect(await said("generic")).toMatchObject({ title: "Up", message: hostile, level: "info" });
	});

	test("a long message is cut to what the chat takes, and a title that is left out is the run's", async () => {
		const message = "€".repeat(20_000);
		expect((await said("discord", { message })).embeds[0].description).toHaveLength(4_096);
		expect((await said("mattermost", { message })).text.length).toBeLessThanOrEqual(16_000);
		expect((await said("generic", { title: undefined })).title).toBe("A procedure");
	});

	test("a backslash before a link does not make it one", async () => {
		const message = "\\[here](https://evil.example)";
		const escaped = "\\\\\\[here](https://evil.example)";
		expect((await said("mattermost", { message })).text).toContain(escaped);
		expect((await said("discord", { message })).embeds[0].description).toBe(escaped);
		expect((await said("teams", { message })).attachments[0].content.body[1].text).toBe(escaped);
	});

	test("an address that names no topic fails the step before anything is sent", async () => {
		for (const path of ["%zz", ""]) {
			const given = { kind: "ntfy", url: `${url}/${path}`, message: "x" };
			expect(await codeOf(runServerStep("notify", given))).toBe("outbound.bad_request");
		}
		expect(received).toEqual([]);
	});

	test("a chat is told no secret but the one that opens it", async () => {
		const given = { kind: "generic", url, title: "s3cret-key", message: "The key is s3cret-key", token: "s3cret-key" };
		await endOfStep("notify", given, { hide: hideSecrets(["s3cret-key"]) });
		expect(JSON.parse(last().body)).toMatchObject({ title: "<secret>", message: "The key is <secret>" });
		expect(last().headers.authorization).toBe("Bearer s3cret-key");
	});

	test("a chat that refuses fails the step", async () => {
		answer = { status: 404, type: "text/plain", body: "no_team" };
		const { error } = await endOfStep("notify", { kind: "slack", url, message: "x" });
		expect(error?.message).toContain("no_team");
	});
});

describe("wait", () => {
	const at = (time: string) => () => new Date(time);

	test("a long wait ends when its time has come, whoever takes it up then", async () => {
		const wait = await waitOfStep("delay", { seconds: 3600 }, { now: at("2026-03-01T00:00:00Z") });
		expect(wait).toMatchObject({
			until: new Date("2026-03-01T01:00:00Z"),
			waiting_for: { kind: "time", until: "2026-03-01T01:00:00.000Z" },
		});
		const state = JSON.parse(JSON.stringify(wait.state));
		const early = await waitOfStep("wait", { seconds: 3600 }, { now: at("2026-03-01T00:59:59Z"), state });
		expect(early.until).toEqual(new Date("2026-03-01T01:00:00Z"));
		const { result } = await endOfStep("wait", { seconds: 3600 }, { now: at("2026-03-01T01:00:00Z"), state });
		expect(result).toEqual({ waited_s: 3600 });
	});

	test("a short wait is over when it is cancelled", async () => {
		expect((await endOfStep("sleep", { seconds: 0.01 })).result).toEqual({ waited_s: 0.01 });
		const signal = AbortSignal.timeout(20);
		await expect(runServerStep("wait", { seconds: 5 }, { signal })).rejects.toThrow();
	});
});

describe("wait_until", () => {
	let now = new Date("2026-03-01T00:00:00Z");
	const clock = { now: () => now };
	beforeEach(() => {
		now = new Date("2026-03-01T00:00:00Z");
	});
	const pass = (seconds: number) => {
		now = new Date(now.getTime() + seconds * 1000);
	};

	test("an address is asked again until it answers as it should", async () => {
		const given = { url, that: "ready", every_s: 30, timeout_s: 100 };
		answer = { status: 503 };
		let { state, until } = await waitOfStep("wait_until", given, clock);
		expect(until).toEqual(new Date("2026-03-01T00:00:30Z"));
		pass(30);
		answer = { status: 200, body: '{"ready":false}' };
		({ state, until } = await waitOfStep("wait_until", given, { ...clock, state: JSON.parse(JSON.stringify(state)) }));
		pass(30);
		answer = { status: 200, body: '{"ready":"yes"}' };
		const { result } = await endOfStep("until", given, { ...clock, state });
		expect(result).toEqual({ waited_s: 60, looked: 3, status: 200, value: "yes" });
		expect(received).toHaveLength(3);
	});

	test("what never becomes so fails at the end of its time, with what it was at last", async () => {
		const given = { url, that: "ready", every_s: 30, timeout_s: 40 };
		answer = { status: 200, body: '{"ready":false}' };
		const first = await waitOfStep("wait_until", given, clock);
		pass(30);
		const second = await waitOfStep("wait_until", given, { ...clock, state: first.state });
		expect(second.until).toEqual(new Date("2026-03-01T00:00:40Z"));
		pass(10);
		const { error } = await endOfStep("wait_until", given, { ...clock, state: second.state });
		expect(error).toMatchObject({
			code: "procedure.step_timeout",
			message: expect.stringContaining("looked at 3 times; at last: `ready` came to false"),
		});
	});

	test("a server that is away is waited for, an address that may not be asked is not", async () => {
		const away = { url: "http://127.0.0.1:9/", every_s: 10 };
		expect((await waitOfStep("wait_until", away, clock)).waiting_for.kind).toBe("time");
		const outbound = createOutbound({ allow: [], deny: [] });
		expect(await codeOf(runServerStep("wait_until", away, { ...clock, outbound }))).toBe("outbound.refused");
	});

	test("an expression is asked of the variables as they are then", async () => {
		let holds = false;
		const surroundings = { ...clock, isTrue: async (expression: string) => holds && expression === "done" };
		const { state } = await waitOfStep("wait_until", { condition: "done" }, surroundings);
		pass(10);
		holds = true;
		const { result } = await endOfStep("wait_until", { condition: "done" }, { ...surroundings, state });
		expect(result).toEqual({ waited_s: 10, looked: 2 });
	});

	test("a time of day is the next one in its zone, also where clocks change", async () => {
		const next = async (from: string, time: string, zone?: string) => {
			now = new Date(from);
			const { until } = await waitOfStep("wait_until", { time, zone }, clock);
			return until?.toISOString();
		};
		expect(await next("2026-03-01T01:00:00Z", "02:00")).toBe("2026-03-01T02:00:00.000Z");
		expect(await next("2026-03-01T02:00:01Z", "02:00")).toBe("2026-03-02T02:00:00.000Z");
		expect(await next("2026-03-01T00:30:00Z", "02:00", "Europe/Berlin")).toBe("2026-03-01T01:00:00.000Z");
		// Left out on 29 March.
		expect(await next("2026-03-29T00:30:00Z", "02:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
		// Twice on 25 October.
		expect(await next("2026-10-25T00:00:00Z", "02:30", "Europe/Berlin")).toBe("2026-10-25T00:30:00.000Z");
		expect(await next("2026-10-25T00:45:00Z", "02:30", "Europe/Berlin")).toBe("2026-10-26T01:30:00.000Z");
		expect(await next("2026-03-01T00:00:00Z", "2026-03-05T10:00:00+02:00")).toBe("2026-03-05T08:00:00.000Z");
	});

	test("a time that has come ends it, and one that is too far away fails it at once", async () => {
		const { state } = await waitOfStep("wait_until", { time: "02:00" }, clock);
		pass(7_200);
		expect((await endOfStep("wait_until", { time: "02:00" }, { ...clock, state })).result).toMatchObject({
			waited_s: 7_200,
		});
		const late = await endOfStep("wait_until", { time: "01:00", timeout_s: 60 }, clock);
		expect(late.error?.code).toBe("procedure.step_timeout");
	});

	test("what it waits for is one thing", async () => {
		const types = await loadStepTypes();
		const faults = (given: Record<string, unknown>) => checkSteps(types, [{ type: "wait_until", with: given }]).faults;
		expect(faults({})).toHaveLength(1);
		expect(faults({ url, condition: "x" })).toHaveLength(1);
		expect(faults({ condition: "x", that: "y" }).map(({ path }) => path)).toEqual([["that"]]);
		expect(faults({ time: "25:00" }).map(({ path }) => path)).toEqual([["time"]]);
		expect(faults({ time: "02:00", zone: "Mars" }).map(({ path }) => path)).toEqual([["zone"]]);
		expect(faults({ time: "{{ at }}" })).toEqual([]);
	});
});

describe("deploy_stack", () => {
	const run_id = newId();
	let asked: { body: unknown; by: string }[] = [];
	let run: Pick<Run, "status" | "finished_at" | "end_reason">;
	/** There is no run. */
	let missing: boolean;
	let host: Awaited<ReturnType<typeof startTestHost>>;
	let surroundings: Surroundings;
	beforeAll(async () => {
		const config = peer(configApi, {
			async startStackRun({ body, actor }) {
				if (body.stack === "none") throw failed("stacks.not_found", { message: "There is no stack none" });
				asked.push({ body, by: actor.name });
				if (body.stack === "mute") throw failed("service.unavailable", { message: "config does not answer" });
				return { run_id };
			},
		});
		const none = { pending: 0, running: 0, succeeded: 0, skipped: 0, failed: 0, cancelled: 0, unknown: 0 };
		const tasks = peer(tasksApi, {
			getRun: async ({ params }) => {
				if (missing) throw failed("runs.not_found", { message: `There is no run ${params.id}` });
				return {
					id: params.id,
					kind: "deploy",
					title: "Deploy bgp",
					counts: { ...none, succeeded: 2 },
					total: 2,
					steps: [],
					started_by: { kind: "user", id: "x", name: "ann" },
					subject: null,
					unserved: [],
					retry_of: null,
					cancel_requested_by: null,
					waiting_for: null,
					progress: null,
					created_at: "2026-03-01T00:00:00Z",
					started_at: null,
					...run,
				};
			},
		});
		host = await startTestHost({ services: [], peers: [config, tasks] });
		const starter = actorWith("stacks:deploy");
		const clients = { config: host.host.client(configApi), tasks: host.host.client(tasksApi) };
		surroundings = {
			key: `${newId()}/deploy:1`,
			starter,
			clients: clients as unknown as NonNullable<Surroundings["clients"]>,
			now: () => new Date("2026-03-01T00:00:00Z"),
		};
	});
	afterAll(() => host?.stop());
	beforeEach(() => {
		asked = [];
		missing = false;
		run = { status: "running", finished_at: null, end_reason: null };
	});

	test("starts one run on behalf of who started the procedure, the same again after a crash, and waits for its end", async () => {
		const given = { stack: "bgp", reason: "Night work" };
		const wait = await waitOfStep("deploy_stack", given, surroundings);
		expect(asked[0]?.body).toMatchObject({ not_after: null });
		expect(wait).toMatchObject({ state: { run_id }, waiting_for: { kind: "run", run_id } });
		await waitOfStep("deploy_stack", given, surroundings);
		expect(asked[0]).toMatchObject({ body: { stack: "bgp", kind: "deploy", reason: "Night work" }, by: "tester" });
		expect(asked[0]?.body).not.toHaveProperty("device_ids");
		expect(asked[1]).toEqual(asked[0]);
		await waitOfStep("deploy_stack", given, { ...surroundings, state: wait.state });
		run = { status: "succeeded", finished_at: "2026-03-01T00:01:00Z", end_reason: null };
		const { result, error } = await endOfStep("deploy_stack", given, { ...surroundings, state: wait.state });
		expect([result, error]).toMatchObject([{ run_id, status: "succeeded", counts: { succeeded: 2 } }, undefined]);
		expect(asked).toHaveLength(2);
	});

	test("what it begins is bound to the window that the procedure was started in", async () => {
		const not_after = "2026-03-01T02:00:00.000Z";
		await waitOfStep("deploy_stack", { stack: "bgp" }, { ...surroundings, not_after });
		expect(asked[0]?.body).toMatchObject({ not_after });
	});

	test("no secret stands in the reason that others read", async () => {
		const given = { stack: "bgp", reason: "The key is s3cret-key" };
		await waitOfStep("deploy_stack", given, { ...surroundings, hide: hideSecrets(["s3cret-key"]) });
		expect(asked[0]?.body).toMatchObject({ reason: "The key is <secret>" });
	});

	test("only what succeeded everywhere is success, unless a part is told to be enough", async () => {
		const after = { ...surroundings, state: { run_id } };
		const end = (status: Run["status"], given: object = {}) => {
			run = { status, finished_at: "2026-03-01T00:01:00Z", end_reason: "too many failures" };
			return endOfStep("deploy_stack", { stack: "bgp", ...given }, after);
		};
		for (const status of ["partial", "failed", "cancelled", "needs_attention"] as const) {
			expect((await end(status)).error).toMatchObject({
				code: "procedure.step_failed",
				message: expect.stringContaining(`${status.replace("_", " ")}: too many failures`),
			});
		}
		expect((await end("partial", { allow_partial: true })).error).toBeUndefined();
		expect((await end("failed", { allow_partial: true })).error?.code).toBe("procedure.step_failed");
	});

	test("is for the procedure's devices where it is told so, and never for all because none is left", async () => {
		const device_id = newId();
		const devices = [{ device_id, name: "core-1", groups: [] }];
		const given = { stack: "bgp", only: "procedure", action: "delete" };
		await waitOfStep("deploy_stack", given, { ...surroundings, devices });
		expect(asked[0]?.body).toMatchObject({ device_ids: [device_id], kind: "delete" });
		expect((await endOfStep("deploy_stack", given, surroundings)).error?.code).toBe("procedure.bad_parameters");
		expect(asked).toHaveLength(1);
	});

	test("a start that is not answered is asked for again under the same id, which was noted before", async () => {
		const noted: string[] = [];
		const expectRun = async (id: string) => void noted.push(id);
		const given = { stack: "mute" };
		const wait = await waitOfStep("deploy_stack", given, { ...surroundings, expectRun });
		const key = noted[0] ?? "";
		expect(asked.map(({ body }) => body)).toMatchObject([{ key }]);
		expect(wait).toMatchObject({ state: { run_id: key, begun: false }, waiting_for: { kind: "run", run_id: key } });
		expect(wait.until?.getTime()).toBeLessThanOrEqual(Date.parse("2026-03-01T00:00:10Z"));
		const again = await waitOfStep("deploy_stack", { stack: "bgp" }, { ...surroundings, state: wait.state });
		expect(asked.map(({ body }) => body)).toMatchObject([{ key }, { key }]);
		expect(again).toMatchObject({ state: { run_id } });
	});

	test("what is refused when it is asked for again fails the step only where the first time began nothing", async () => {
		const state = { run_id: newId(), begun: false };
		const again = () => runServerStep("deploy_stack", { stack: "none" }, { ...surroundings, state });
		expect(await again()).toMatchObject({ wait: { state: { run_id: expect.any(String) } } });
		missing = true;
		expect(await codeOf(again())).toBe("stacks.not_found");
	});

	test("a stack that does not exist fails it", async () => {
		expect(await codeOf(runServerStep("deploy_stack", { stack: "none" }, surroundings))).toBe("stacks.not_found");
	});
});
